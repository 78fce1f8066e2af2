"""A simulated USB key (智能密码钥匙) with its middleware, as a process of its own on the signer's machine.

Not a plugin of the hall: the hall never speaks to it. The browser does, at 127.0.0.1, as with real keys.
"""
