"""The Registry over AWS Cloud Map, and the wire format of what is in it.

Two halves. The codec (`text`, `instances`, `admission`, `packing`, `splitting`, `records`, `members`, `answers`) is
pure: domain values to Cloud Map instances and back; `docs/wire-format.md` describes what it writes. The adapter
(`client`, `translation`, `rates`, `polling`, `operations`, `services`, `reader`, `registry`, `clearing`) speaks to the
API and fulfils `ports.RegistryReader`, `ports.RegistryWriter` and the installer's `RegistryClearer`; every SDK error
becomes one of `cloudmap_mcs.errors`, in `translation`. No MCS rules, no settings, no Kubernetes, no events here. Doors,
the sandbox, benchmarks and tests import it; nothing else does. *Instance* and *attribute* are words of Cloud Map and
stay inside this package.
"""
