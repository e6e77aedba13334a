"""会议大屏: seven slides for the room, by keyboard, clicker or on their own."""

from governance.ui.screen import show_screen

show_screen()
