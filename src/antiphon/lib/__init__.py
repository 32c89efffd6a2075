"""Import paths of the official package's `lib`, for programs that name them; what they lead to lives elsewhere."""
