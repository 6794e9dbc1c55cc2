"""Lists as files: asked for, made in the background, kept for a while, fetched by whoever asked."""
