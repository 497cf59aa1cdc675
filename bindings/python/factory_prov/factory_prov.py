# SPDX-License-Identifier: Apache-2.0
"""FactoryProvisioning over libsignet: the class that provisioning scripts know, in C underneath.

    from factory_prov import factory_prov as fp

ValueError: the configuration or a certificate is wrong. OSError: a file. ConnectionError: the server,
with its words. RuntimeError: anything else. The error's text says where, what, and what to do.
REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) names the trusted authorities; SIGNET_ALLOW_HTTP=1 lets the token
travel without TLS.
"""
import ctypes
import os
import sys
import sysconfig

NO_CHECK, ALLOW_HTTP = 1, 2


class _Error(ctypes.Structure):
    _fields_ = [('code', ctypes.c_int), ('sys', ctypes.c_int), ('msg', ctypes.c_char * 384),
                ('hint', ctypes.c_char * 256), ('excerpt', ctypes.c_char * 320)]


class _Event(ctypes.Structure):
    _fields_ = [('kind', ctypes.c_int), ('stage', ctypes.c_char_p), ('board', ctypes.c_char_p),
                ('endpoint', ctypes.c_char_p), ('done', ctypes.c_uint64), ('total', ctypes.c_uint64),
                ('seconds', ctypes.c_double), ('error', ctypes.POINTER(_Error)),
                ('name', ctypes.c_char_p), ('may', ctypes.c_char_p)]


_OnEvent = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(_Event))


class _Observer(ctypes.Structure):
    _fields_ = [('on_event', _OnEvent), ('ctx', ctypes.c_void_p)]


class _Args(ctypes.Structure):
    _fields_ = [('size', ctypes.c_size_t), ('endpoint_cfg', ctypes.c_char_p), ('tree', ctypes.c_void_p),
                ('endpoint_name', ctypes.c_char_p), ('server_info', ctypes.c_char_p),
                ('server', ctypes.c_void_p), ('token', ctypes.c_char_p),
                ('cert_info', ctypes.c_char_p), ('cert', ctypes.c_void_p),
                ('ca_file', ctypes.c_char_p), ('flags', ctypes.c_uint),
                ('observer', ctypes.POINTER(_Observer)), ('cancel', ctypes.c_void_p),
                ('profile', ctypes.c_void_p), ('objects', ctypes.c_void_p),
                ('authority', ctypes.c_void_p)]


def _open_library():
    """The one of this wheel; else the loader's; else the one installed beside this file, or built in this source tree."""
    name, above = 'libsignet.so.1', os.path.abspath(__file__)
    for _ in range(4):
        above = os.path.dirname(above)
    places = [os.path.join(above, 'build'), os.path.join(os.path.dirname(above), 'lib'),
              os.path.join(os.path.dirname(above), 'lib', sysconfig.get_config_var('MULTIARCH') or '')]
    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'libs', name)
    if os.path.exists(own):
        return ctypes.CDLL(own)
    for path in [name] + [os.path.join(place, name) for place in places]:
        try:
            return ctypes.CDLL(path)
        except OSError:
            continue
    raise ImportError(f'{name} is not installed; looked with the loader and in {", ".join(places)}')


_lib = _open_library()
_lib.signet_factory_get_sec_mode.restype = ctypes.c_char_p
_lib.signet_factory_get_sec_mode.argtypes = [ctypes.c_void_p]
_lib.signet_factory_free.restype = None
_lib.signet_profile_close.restype = None
_lib.signet_objects_free.restype = None

_VALUE = {1, 2, 3, 4, 8}  # usage, syntax, meaning, limit, cert: see enum signet_code
_CONNECTION = {9, 10, 11, 12, 14, 23}  # net, server, auth, exists, timeout, conflict
_NOMEM, _IO = 5, 6


def _exception(error):
    text = '\n'.join(part.decode('utf-8', 'replace')
                     for part in (error.msg, error.excerpt, error.hint) if part)
    if error.code == _IO:
        return OSError(error.sys, text) if error.sys else OSError(text)
    if error.code in _CONNECTION:
        return ConnectionError(text)
    if error.code == _NOMEM:
        return MemoryError(text)
    return (ValueError if error.code in _VALUE else RuntimeError)(text)


@_OnEvent
def _on_event(_ctx, event):
    if event.contents.kind == 0 and event.contents.error:
        print('warning:', event.contents.error.contents.msg.decode('utf-8', 'replace'), file=sys.stderr)


_observer = _Observer(_on_event, None)


def _text(value, what, needed=False):
    """Bytes for C, which ends a text at a zero byte."""
    if value is None and not needed:
        return None
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise TypeError(f'{what} is a text or a path, not {type(value).__name__}')
    data = os.fsencode(value)
    if b'\0' in data:
        raise ValueError(f'{what} has a zero byte in it: was binary data given?')
    return data


class FactoryProvisioning:
    """One device. endpoint_cfg, server_info and cert_info are paths; all but the first may be None. device:
    what the firmware's client takes, as --device of ptool. objects: files or folders with definitions of objects,
    whose names endpoint_cfg may have."""

    def __init__(self, endpoint_cfg, endpoint_name, server_info, token, cert_info,
                 no_check=False, allow_http=False, ca_file=None, device='anjay-3', objects=()):
        self._handle = ctypes.c_void_p()
        self._profile = ctypes.c_void_p()
        self._objects = ctypes.c_void_p()
        self.endpoint_name = endpoint_name
        if os.environ.get('SIGNET_ALLOW_HTTP') == '1':
            allow_http = True
        if ca_file is None:
            ca_file = os.environ.get('REQUESTS_CA_BUNDLE') or os.environ.get('CURL_CA_BUNDLE')
        args = _Args(size=ctypes.sizeof(_Args), endpoint_cfg=_text(endpoint_cfg, 'endpoint_cfg', True),
                     endpoint_name=_text(endpoint_name, 'endpoint_name'), server_info=_text(server_info, 'server_info'),
                     token=_text(token, 'token'), cert_info=_text(cert_info, 'cert_info'),
                     ca_file=_text(ca_file, 'ca_file'), observer=ctypes.pointer(_observer),
                     flags=(NO_CHECK if no_check else 0) | (ALLOW_HTTP if allow_http else 0))
        error = _Error()
        if _lib.signet_profile_open(ctypes.byref(self._profile), _text(device, 'device', True), ctypes.byref(error)):
            raise _exception(error)
        args.profile = self._profile
        if objects:
            if isinstance(objects, (str, bytes, os.PathLike)):
                objects = [objects]
            paths = (ctypes.c_char_p * len(objects))(*(_text(path, 'a path in objects', True) for path in objects))
            if _lib.signet_objects_load(ctypes.byref(self._objects), paths, ctypes.c_size_t(len(objects)),
                                        ctypes.byref(_observer), ctypes.byref(error)):
                raise _exception(error)
            args.objects = self._objects
        if _lib.signet_factory_new(ctypes.byref(self._handle), ctypes.byref(args), ctypes.byref(error)):
            raise _exception(error)

    def __del__(self):
        if getattr(self, '_handle', None):
            _lib.signet_factory_free(ctypes.byref(self._handle))
        if getattr(self, '_profile', None):
            _lib.signet_profile_close(ctypes.byref(self._profile))
        if getattr(self, '_objects', None):
            _lib.signet_objects_free(ctypes.byref(self._objects))

    def _open(self):
        if not getattr(self, '_handle', None):
            raise RuntimeError('this FactoryProvisioning is closed, or was never opened: make a new one')
        return self._handle

    def _call(self, function, *args):
        error = _Error()
        if function(self._open(), *args, ctypes.byref(error)):
            raise _exception(error)

    def get_sec_mode(self):
        """'psk', 'cert', 'nosec' or 'est'."""
        return _lib.signet_factory_get_sec_mode(self._open()).decode()

    def set_server_cert(self, cert):
        """The server's certificate, a DER or PEM file."""
        self._call(_lib.signet_factory_set_server_cert, _text(cert, 'cert', True))

    def set_endpoint_cert_and_key(self, cert, key):
        """The device's certificate and private key, DER or PEM files."""
        self._call(_lib.signet_factory_set_endpoint_cert_and_key, _text(cert, 'cert', True), _text(key, 'key', True))

    def generate_self_signed_cert(self):
        """Makes them as cert_info says, and writes ./cert."""
        self._call(_lib.signet_factory_generate_self_signed_cert)
        print('Device key and certificate are in ./cert')

    def provision_device(self):
        """Writes the packet to ./SenMLCBOR."""
        self._call(_lib.signet_factory_provision_device, None)
        print(f'Packet for security mode {self.get_sec_mode()} is in ./SenMLCBOR')

    def register(self):
        """Registers the device at the server."""
        self._call(_lib.signet_factory_register)
        print(f'Registered {self.endpoint_name}')
