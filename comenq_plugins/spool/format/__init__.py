"""What the spool's names and files say. Pure, but for the layout's paths."""
