"""Where the vendor's words and the platform's meet, and nowhere else."""
