"""Who may do what on a server that several people use: its mode, its limits, and the permissions. Knows neither pages nor runs."""
