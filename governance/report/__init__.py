"""The week as one model, and the papers made of it: Word, PowerPoint, Excel. The screen shows the same."""
