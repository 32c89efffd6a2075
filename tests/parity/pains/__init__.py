"""What users of the official package suffer from, one test or more for each pain: what it does today, and what antiphon does."""
