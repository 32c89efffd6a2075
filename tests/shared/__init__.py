"""What processes and machines share."""
