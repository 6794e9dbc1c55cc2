"""云快充 (YKC) V1.6: electric-car charge points over TCP."""
