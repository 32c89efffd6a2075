"""What `antiphon migrate` knows: how programs name the official package, and what antiphon has under those names."""
