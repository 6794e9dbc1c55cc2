"""WeChat: thin clients of its servers, below the features that use them."""
