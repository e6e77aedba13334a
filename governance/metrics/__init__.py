"""Pure pandas: frames in, small frames of figures out. Metrics know no file and no screen."""
