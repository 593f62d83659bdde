"""What is not collected here."""

collect_ignore = ["stranger"]  # it is somebody else's: test_stranger.py runs it as they would
