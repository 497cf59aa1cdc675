# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium for tests, spoken to over its pipe (Chrome DevTools Protocol)."""
import base64, json, os, select, shutil, subprocess, tempfile, time
from _signet import need

SECONDS = 60


class Chromium:
    def __init__(self, url):
        self.folder, self.count, self.said, self.at = tempfile.mkdtemp(), 0, [], 0
        here, there = os.pipe(), os.pipe()  # to it, from it
        self.process = subprocess.Popen(['bash', '-c', f'exec "$@" 3<&{here[0]} 4>&{there[1]}', 'bash', 'chromium', '--headless', '--no-sandbox',
                                         '--disable-gpu', '--no-first-run', '--remote-debugging-pipe', '--ignore-certificate-errors',
                                         f'--user-data-dir={self.folder}', 'about:blank'], pass_fds=(here[0], there[1]),
                                        start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(here[0]), os.close(there[1])
        self.to, self.back, self.rest, self.session = here[1], there[0], b'', None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Accessibility'):
            self.call(domain + '.enable')
        self.call('Page.navigate', url=url)

    def hear(self):
        end = time.monotonic() + SECONDS
        while b'\0' not in self.rest:
            need(select.select([self.back], [], [], max(0, end - time.monotonic()))[0], 'Chromium says nothing')
            piece = os.read(self.back, 1 << 20)
            need(piece, 'Chromium ended')
            self.rest += piece
        line, self.rest = self.rest.split(b'\0', 1)
        return json.loads(line)

    def call(self, method, **params):
        self.count += 1
        message = {'id': self.count, 'method': method, 'params': params, **({'sessionId': self.session} if self.session else {})}
        os.write(self.to, json.dumps(message).encode() + b'\0')
        while True:
            told = self.hear()
            if told.get('id') == self.count:
                need('error' not in told, f'{method}: {told.get("error")}')
                return told['result']
            if told.get('method') in ('Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded', 'Page.javascriptDialogOpening'):
                self.said.append(told)

    def run(self, script):
        answer = self.call('Runtime.evaluate', expression=script, awaitPromise=True, returnByValue=True)
        need('exceptionDetails' not in answer, f'{script}: {answer.get("exceptionDetails")}')
        return answer['result'].get('value')

    def run_unless_gone(self, script):
        try:
            return self.run(script)
        except Exception as e:  # the page was left just now
            need('navigated or closed' in str(e), e)
            return None

    def until(self, script, what):
        end = time.monotonic() + SECONDS
        while not self.run_unless_gone(script):
            need(time.monotonic() < end, f'{what}: never')
            time.sleep(0.1)

    def key(self, name, code, text=None):
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key=name, code=name, windowsVirtualKeyCode=code, **({'text': text} if text else {}))

    def scan(self, text, end='Enter', pause=0.01):
        """Keys as a scanner presses them, capitals with Shift, by the clock of the keyboard: so many seconds between them."""
        self.at = max(self.at + 1, time.time())
        codes = {'Enter': 13, 'Tab': 9, 'Shift': 16}
        for key in [k for c in text for k in (('Shift', c) if c.isupper() else (c,))] + [end]:
            shift = 8 * key.isupper() * (len(key) == 1)
            self.at += pause
            press = {'key': key, 'windowsVirtualKeyCode': codes.get(key) or ord(key.upper()), 'modifiers': shift, 'timestamp': self.at}
            text = {'text': '\r' if key == 'Enter' else key} if key not in ('Shift', 'Tab') else {}
            self.call('Input.dispatchKeyEvent', type='keyDown' if text else 'rawKeyDown', **press, **text)
            self.call('Input.dispatchKeyEvent', type='keyUp', **press)

    def type(self, text):
        self.call('Input.insertText', text=text)

    def size(self, width, height, dark=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

    def shot(self, path):
        with open(path, 'wb') as f:
            f.write(base64.b64decode(self.call('Page.captureScreenshot')['data']))

    def close(self):
        self.process.kill()
        self.process.wait(timeout=SECONDS)
        os.close(self.to), os.close(self.back)
        for _ in range(50):  # its helpers end a moment later, and write until then
            shutil.rmtree(self.folder, ignore_errors=True)
            if not os.path.exists(self.folder):
                return
            time.sleep(0.1)
