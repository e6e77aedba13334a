"""What is drawn: SVG cards, plotly figures and folium maps from metric frames."""
