"""Another Cloud Map than the sandbox's simulator: `--cloudmap-endpoint`.

Here live what may be named (`endpoint`), what is made and removed there (`tidying`), and for AWS's own endpoints the
gateway that signs every call anew with the user's credentials (`server`), which `python -m sandbox.gateway` runs in a
process of its own. No simulator, no other AWS service. `sandbox` and tests import it.
"""
