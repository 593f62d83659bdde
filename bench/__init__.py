"""What measures speed, weight and added time, each against a baseline in the same run."""
