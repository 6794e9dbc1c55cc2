"""A strict stand-in for WeChat and WeChat Pay, as a server of its own: refuses what they refuse, signs what they sign.

The platform reaches it through base-URL settings only and cannot tell the difference.
"""
