"""The Streamlit pieces pages are made of: shell, filters, cache, blocks, map block."""
