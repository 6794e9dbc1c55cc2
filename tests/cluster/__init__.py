"""The whole cluster on private servers, under load, while its parts are killed and its servers stopped."""
