"""The listener process: runs the intakes and hands them the queue."""
