"""The chapters: one family, or a few that belong together, in each; `walk(tour)` is the chapter."""
