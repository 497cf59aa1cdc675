#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A script written for the Python reference runs unchanged over libsignet, with the same exceptions."""
import ctypes, os, stat, subprocess, sys, tempfile

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']
CONFIGS = os.path.join(SOURCE, 'examples/configs')
from _coiote import Coiote

failures = []

def sanitized():
    with open(os.path.join(BUILD, 'CMakeCache.txt'), encoding='utf-8') as f:
        return any(line.startswith('SIGNET_SANITIZE:') and line.strip().split('=', 1)[1] for line in f)

def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')

def raises(kind, function, *args, word=''):
    """Exactly this type of exception: scripts catch ValueError before OSError."""
    try:
        function(*args)
    except Exception as e:
        expect(f'{kind.__name__} with {word!r}', type(e) is kind or (kind is OSError and isinstance(e, OSError)
               and not isinstance(e, ConnectionError)), repr(e))
        expect(f'{kind.__name__} says {word!r}', word in str(e), str(e))
    else:
        failures.append(f'{kind.__name__} with {word!r}: nothing was raised')

def layout(fp):
    """The structures are those of the headers: a C compiler says so."""
    fields = [('signet_error', fp._Error), ('signet_event', fp._Event), ('signet_factory_args', fp._Args)]
    lines = ['#include <signet/signet.h>', '#include <stdio.h>', 'int main(void) {']
    want = []
    for name, kind in fields:
        lines.append(f'printf("%zu\\n", sizeof(struct {name}));')
        want.append(ctypes.sizeof(kind))
        for field, _ in kind._fields_:
            lines.append(f'printf("%zu\\n", offsetof(struct {name}, {field}));')
            want.append(getattr(kind, field).offset)
    source = '\n'.join(lines + ['return 0; }'])
    subprocess.run(['gcc', '-x', 'c', '-', '-I', f'{SOURCE}/include', '-o', 'layout'], input=source, text=True, check=True)
    got = [int(n) for n in subprocess.run(['./layout'], capture_output=True, text=True, check=True).stdout.split()]
    expect('the layout of the structures', got == want, (got, want))

def register(make, work):
    server = Coiote(work, token=None)
    os.environ['REQUESTS_CA_BUNDLE'] = server.ca
    new = lambda name, token: make(f'{CONFIGS}/endpoint_cfg', name, server.info(work), token, None)
    new('urn:x', 'tOkEn').register()
    expect('the registration', len(server.posts()) == 1 and server.posts()[0][2]['Authorization'] == 'Bearer tOkEn',
           server.requests)
    with open('whole_url.json', 'w') as f: # its port in url: 8087 is not put behind it
        f.write('{"url": "https://127.0.0.1:1", "domain": "/a/"}')
    raises(ConnectionError, make(f'{CONFIGS}/endpoint_cfg', 'urn:x', 'whole_url.json', 'tOkEn', None).register, word='https://127.0.0.1:1: ')
    raises(ValueError, new('urn:x', None).register, word='token')
    raises(ValueError, new(None, 'tOkEn').register, word='endpoint name')
    server.answer = (403, {'error': 'no such right'})
    raises(ConnectionError, new('urn:x', 'tOkEn').register, word='403 no such right')
    server.answer = (401, {})
    raises(ConnectionError, new('urn:x', 'tOkEn').register, word='401')
    del os.environ['REQUESTS_CA_BUNDLE']
    raises(ConnectionError, new('urn:x', 'tOkEn').register, word='ertificate')
    server.close()

def definitions(make):
    """objects=: names of imported objects, behind the reference's arguments"""
    with open('vendor.xml', 'w') as f:
        f.write('<LWM2M><Object><Name>Vendor Thing</Name><ObjectID>33999</ObjectID>'
                '<MultipleInstances>Single</MultipleInstances><Resources><Item ID="1"><Name>Colour</Name>'
                '<Operations>RW</Operations><MultipleInstances>Single</MultipleInstances><Type>String</Type>'
                '</Item></Resources></Object></LWM2M>')
    with open(f'{CONFIGS}/endpoint_cfg') as f, open('vendor_cfg', 'w') as g:
        g.write(f.read().rstrip().rstrip('}').rstrip().rstrip(',')
                + ",\n OID.VendorThing: {0: {RID.VendorThing.Colour: 'a vendor says red'}}\n}\n")
    raises(ValueError, make, 'vendor_cfg', None, None, None, None, word='VendorThing')
    fcty = make('vendor_cfg', None, None, None, None, objects=['vendor.xml'])
    fcty.provision_device()
    with open('SenMLCBOR', 'rb') as f:
        expect('the packet has the object', b'a vendor says red' in f.read())
    raises(OSError, lambda: make('vendor_cfg', None, None, None, None, objects=['none.xml']), word='none.xml')

def main():
    if sanitized():
        print('a sanitizer\'s runtime must come first in the process; the release build tests this')
        sys.exit(77)
    os.environ['LD_LIBRARY_PATH'] = BUILD # for the loader it must be set before the process starts
    if os.environ.get('SIGNET_BINDING_TEST') != '1':
        os.environ['SIGNET_BINDING_TEST'] = '1'
        os.execv(sys.executable, [sys.executable, *sys.argv])
    sys.path.insert(0, os.path.join(SOURCE, 'bindings/python'))
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        from factory_prov import factory_prov as fp
        make = fp.FactoryProvisioning
        layout(fp)

        fcty = make(f'{CONFIGS}/endpoint_cfg', 'urn:x', None, None, None)
        expect('get_sec_mode', fcty.get_sec_mode() == 'psk', fcty.get_sec_mode())
        fcty.provision_device()
        expect('the packet', open('SenMLCBOR', 'rb').read(1)[0] >> 5 == 4)
        expect('0600', stat.S_IMODE(os.stat('SenMLCBOR').st_mode) == 0o600)
        definitions(make)
        raises(ValueError, fcty.register, word='server')
        raises(TypeError, make, 5, 'x', None, None, None, word='endpoint_cfg is a text or a path, not int')
        raises(TypeError, make, f'{CONFIGS}/endpoint_cfg', 5, None, None, None, word='endpoint_name')
        raises(TypeError, fcty.set_server_cert, None, word='cert is a text or a path, not NoneType')
        raises(ValueError, make, f'{CONFIGS}/endpoint_cfg', 'a\0b', None, None, None, word='endpoint_name has a zero byte')
        raises(ValueError, make, f'{CONFIGS}/endpoint_cfg\0x', 'a', None, None, None, word='endpoint_cfg has a zero byte')
        closed = make(f'{CONFIGS}/endpoint_cfg', 'urn:x', None, None, None)
        closed.__del__()
        raises(RuntimeError, closed.get_sec_mode, word='closed')
        raises(RuntimeError, closed.provision_device, word='closed')
        raises(RuntimeError, make.__new__(make).provision_device, word='never opened')
        raises(ValueError, fcty.generate_self_signed_cert, word='certificate')
        raises(OSError, fcty.set_server_cert, 'nosuch.der', word='nosuch.der')
        raises(OSError, fcty.set_endpoint_cert_and_key, 'nosuch.der', 'nosuch.key', word='nosuch')
        try:
            make('nosuch', None, None, None, None)
        except FileNotFoundError as e:
            expect('errno', e.errno == 2, e.errno)
        except Exception as e:
            failures.append(f'a missing file: {e!r}')

        open('bad', 'w').write('{OID.Security: {1: {RID.Security.Mod: 0}}}')
        raises(ValueError, make, 'bad', None, None, None, None, word='bad:1:')
        open('mode', 'w').write("{0: {1: {0: 'coaps://a', 2: 9}}}")
        raises(ValueError, make, 'mode', None, None, None, None, word='Mode')
        open('json', 'w').write('{"url": ')
        raises(ValueError, make, f'{CONFIGS}/endpoint_cfg', 'x', 'json', 't', None, word='json')

        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-keyout', 'server.key', '-out', 'server.pem', '-subj', '/CN=server'], check=True, capture_output=True)
        fcty = make(f'{CONFIGS}/endpoint_cfg_cert', 'urn:dev:1', None, None, f'{CONFIGS}/cert_info.json')
        expect('cert mode', fcty.get_sec_mode() == 'cert')
        fcty.generate_self_signed_cert() # before the server's certificate is known, as scripts may do
        raises(ValueError, fcty.provision_device, word='server')
        raises(ValueError, fcty.set_server_cert, 'bad', word='bad')
        fcty.set_server_cert('server.pem')
        os.remove('SenMLCBOR')
        fcty.provision_device()
        expect('the key is in the packet', open('cert/client_key.der', 'rb').read() in open('SenMLCBOR', 'rb').read())
        raises(ValueError, fcty.set_endpoint_cert_and_key, 'server.pem', 'cert/client_key.der', word='server.pem')
        del fcty
        register(make, work)
        os.chdir('/')
    print('\n'.join(failures) or 'python binding: ok')
    sys.exit(1 if failures else 0)

main()
