# SPDX-License-Identifier: Apache-2.0
"""scripts/check-doors on small trees: each of its rules is broken once, and named."""
import os, shutil, subprocess, sys, tempfile

source = os.environ['SIGNET_SOURCE']

def check(files):
    """What check-doors says of a tree with these files: a path and its text each."""
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(f'{top}/scripts')
        shutil.copy(f'{source}/scripts/check-doors', f'{top}/scripts')
        for path, text in files.items():
            folder, name = os.path.split(path)
            os.makedirs(f'{top}/{folder}', exist_ok=True)
            with open(f'{top}/{path}', 'w', encoding='utf-8') as f:
                f.write(text)
            if name.endswith('.c') and not text.startswith('#'):
                objects = f'{top}/build/{folder}/CMakeFiles/room.dir'
                os.makedirs(objects, exist_ok=True)
                subprocess.run(['cc', '-w', '-c', '-o', f'{objects}/{name}.o', f'{top}/{path}'], check=True)
        run = subprocess.run([sys.executable, f'{top}/scripts/check-doors', 'build'], cwd=top,
                             capture_output=True, text=True)
        return run.returncode, run.stdout.splitlines()

def says(line, files):
    rc, out = check(files)
    assert rc == 1 and line in out, f'{line!r} is missing in:\n' + '\n'.join(out)

def calls(name, *others):
    return f'void {name}(void) {{ ' + ' '.join(f'{other}();' for other in others) + ' }\n'

# circles: the shortest way round, through functions and through tables
says('a circle of 2 files: src/base/a.c -> src/base/b.c (b) -> src/base/a.c (a)',
     {'src/base/a.c': calls('a', 'b'), 'src/base/b.c': calls('b', 'a')})
says('a circle of 4 files: cli/c.c -> cli/d.c (d) -> cli/c.c (c)',
     {'cli/a.c': calls('a', 'b'), 'cli/b.c': calls('b', 'c'), 'cli/c.c': calls('c', 'd'),
      'cli/d.c': calls('d', 'c', 'a')})
says('a circle of 2 files: sim/one.c -> sim/table.c (table) -> sim/one.c (one)',
     {'sim/one.c': 'extern void *table[]; void one(void *p) { table[0] = p; }\n',
      'sim/table.c': 'void one(void *); void *table[] = {one};\n'})
straight = {'src/base/a.c': calls('a', 'b', 'c'), 'src/base/b.c': calls('b', 'c'), 'src/base/c.c': calls('c')}
assert not [line for line in check(straight)[1] if 'circle' in line]
same = {'src/base/a.c': 'static void s(void) {}\n' + calls('a', 's', 'b'),  # a static is nobody else's
        'src/base/b.c': 'static void s(void) {}\n' + calls('b', 's')}
assert not [line for line in check(same)[1] if 'circle' in line]

# calls and includes between rooms
says('base calls f of smp', {'src/base/a.c': calls('a', 'f'), 'src/smp/f.c': calls('f')})
says('src/lwm2m/a.c:1: config/json.h is inside another room; its door is config/config.h',
     {'src/lwm2m/a.c': '#include "config/json.h"\n'})
says('src/lwm2m/a.c:1: lwm2m may not open the door of config', {'src/lwm2m/a.c': '#include "config/config.h"\n'})
says('src/pki/a.c:1: <curl/curl.h> is seen by http only', {'src/pki/a.c': '#include <curl/curl.h>\n'})
says('cli/a.c:1: cli/ uses include/signet/ only, not pki/pki.h', {'cli/a.c': '#include "pki/pki.h"\n'})
says('include/signet/a.h:1: a public header includes base/base.h', {'include/signet/a.h': '#include "base/base.h"\n'})
says('src/cellar/a.c: the room cellar is not in scripts/check-doors', {'src/cellar/a.c': calls('a')})
says('scripts/check-doors: smp does not use link', straight)
says('build: no build there', {})
