#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page in Debian's Chromium: it runs without an error, shows names as text, fits from 320 px to 4K, and all of it is reached by keyboard.
SIGNET_SHOTS=FOLDER keeps pictures; SIGNET_AXE=axe.min.js (of npm's axe-core) has each view looked at."""
import json, os, shutil, subprocess, sys, tempfile, time
if not shutil.which('chromium'):
    sys.exit(77)
from _chromium import Chromium
from _page import NAME, PASSWORD, Run
from _signet import SIGNET, SOURCE, Broken, need

EVIL = '<img src=x onerror="alert(1)">'
STATES = ('working', 'pass', 'fail', 'made-before', 'waiting', 'halted', 'empty', 'closed')
SLOTS = [{'state': s, 'endpoint': EVIL if s == 'pass' else '' if s == 'fail' else f'urn:dev:os:{s}', 'part': 400, 'stage': 'load', 'seconds': 5000,
          **({'reason': 'no answer in time', 'hint': 'press the board into its jig', 'may': 'retry'} if s == 'fail' else {}),
          **({'may': 'rework'} if s in ('pass', 'made-before') else {})} for s in STATES]
# foreground against background of all that has text of its own; the ratio that WCAG 2.1 AA wants is 4.5
CONTRAST = '''(() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number), light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const back = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
      && !['SCRIPT', 'OPTION', 'NOSCRIPT'].includes(e.tagName)).map(e => { const a = light(parse(getComputedStyle(e).color)), b = light(back(e));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName + '.' + e.className + ': ' + e.textContent.slice(0, 30)]; }).filter(x => x[0] < 4.5).map(x => x.join(' '));
})()'''


def look(chromium, view, axe):
    """One view, in all sizes, light and dark."""
    for width, height, dark in ((320, 640, False), (1180, 820, True), (3840, 2160, False)):
        chromium.size(width, height, dark)
        wide = chromium.run('document.documentElement.scrollWidth')
        need(wide <= width, f'{view}: {wide} px in a window of {width}')
        need(chromium.run(CONTRAST) == [], f'{view}: contrast: {chromium.run(CONTRAST)}')
        if os.environ.get('SIGNET_SHOTS'):
            chromium.shot(os.path.join(os.environ['SIGNET_SHOTS'], f'{view}-{width}{"-dark" if dark else ""}.png'))
    if axe:
        chromium.run(axe + '; 1')
        found = json.loads(chromium.run('axe.run(document).then(r => JSON.stringify(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html)])))'))
        need(found == [], f'{view}: {found}')
    nodes = chromium.call('Accessibility.getFullAXTree')['nodes']
    controls = [n for n in nodes if not n.get('ignored') and n['role']['value'] in ('button', 'link', 'textbox', 'combobox', 'progressbar', 'image', 'dialog')]
    need(controls and all(n.get('name', {}).get('value') for n in controls), f'{view}: a control without a name: {controls}')


def by_keyboard(chromium):
    """Tab goes through everything that can be pressed."""
    chromium.size(1180, 820)
    wanted = set(chromium.run('[...document.querySelectorAll("a, button, input, select")].filter(e => e.checkVisibility()).map(e => e.id || e.getAttribute("aria-label") || e.textContent)'))
    seen = set()
    chromium.run('document.activeElement.blur()')
    for _ in range(len(wanted) + 5):
        chromium.key('Tab', 9)
        seen.add(chromium.run('(e => e.id || e.getAttribute("aria-label") || e.textContent)(document.activeElement)'))
    need(wanted <= seen, f'not reached: {wanted - seen}')


def log_in(chromium, axe):
    chromium.run('document.getElementById("login").focus()')
    chromium.key('Enter', 13, '\r')
    chromium.until('document.getElementById("login-dialog").open', 'the dialog')
    look(chromium, 'login', axe)
    chromium.type(NAME)
    chromium.key('Tab', 9)
    chromium.type(PASSWORD)
    chromium.key('Enter', 13, '\r')
    chromium.until(f'document.getElementById("who")?.textContent === {NAME!r} && document.querySelectorAll(".tile button:not([hidden])").length === {len(SLOTS) + 3}', 'logged in')


def press(chromium, label):
    chromium.run(f'document.querySelector(\'[aria-label="{label}"]\').focus()')
    chromium.key('Enter', 13, '\r')


def once_more(chromium, run, axe):
    """Retry at once; a rework with a reason, and for the board that the person saw."""
    dialog = 'document.getElementById("ask-dialog").open'
    need(chromium.run('[...document.querySelectorAll(".tile .actions button:first-child:not([hidden])")].map(b => b.getAttribute("aria-label"))') ==
         ['Rework: slot 2', 'Retry: slot 3', 'Rework: slot 4'], 'what may be asked for')
    name = 'document.querySelector(".tile .endpoint").textContent === "urn:dev:os:newer"'
    run.late = run.text()
    run.slots[0] = {**run.slots[0], 'endpoint': 'urn:dev:os:newer'}
    chromium.until(name, 'what the stream tells')
    press(chromium, 'Retry: slot 3')
    wait(run, 'retry 3')
    chromium.until('performance.getEntriesByType("resource").some(e => e.name.endsWith("/api/line") && e.responseEnd)', 'the answer')
    chromium.run('new Promise(done => setTimeout(() => done(1), 200))')
    need(chromium.run(name), 'an answer that came late is no news')
    run.late = None
    press(chromium, 'Rework: slot 2')
    chromium.until(dialog, 'the dialog')
    look(chromium, 'rework', axe)
    chromium.size(1180, 820)
    need(EVIL in chromium.run('document.getElementById("ask-text").textContent') and not chromium.run('document.querySelectorAll("dialog img").length'), 'the name')
    chromium.key('Enter', 13, '\r')  # without a reason
    need(chromium.run(dialog), 'a rework without a reason')
    chromium.key('Escape', 27)
    need(not chromium.run(dialog) and run.asked == 'retry 3', run.asked)
    press(chromium, 'Rework: slot 2')
    chromium.type('antenna changed')
    chromium.key('Enter', 13, '\r')
    wait(run, f'rework 2|antenna changed ({NAME}, at the page)')
    press(chromium, 'Rework: slot 4')
    chromium.type('too late')
    run.slots[3] = {**run.slots[3], 'endpoint': 'urn:dev:os:another'}
    chromium.until('document.querySelectorAll(".tile")[3].querySelector(".endpoint").textContent === "urn:dev:os:another"', 'another board')
    chromium.key('Enter', 13, '\r')
    chromium.until('document.getElementById("said").textContent.startsWith("that board is no longer in the slot")', 'why not')
    need('antenna changed' in run.asked, run.asked)


def dialogs(chromium, axe):
    """What else asks a person."""
    for button in 'operator', 'shift', 'code', 'stop':
        chromium.run(f'document.getElementById("{button}").focus()')
        chromium.key('Enter', 13, '\r')
        chromium.until('document.getElementById("ask-dialog").open', button)
        look(chromium, button, axe)
        chromium.key('Escape', 27)
    chromium.size(1180, 820)


def said(chromium, words, what):
    chromium.until(f'document.getElementById("said").textContent === {json.dumps(words)}', what)


def scanner(chromium, run):
    """A scanner that is a keyboard: wherever the focus is, and nothing that has it is pressed; what a person types slowly is no code."""
    run.refuses = 'a code is refused'
    chromium.scan('SN:|a"1')
    said(chromium, 'a code is refused (try another)', 'the answer to a code')
    need(run.asked == 'scan |SN:|a"1', run.asked)
    run.refuses, run.log = None, []
    chromium.run('document.getElementById("pause").focus()')
    chromium.scan('LINE 3-a', end='Tab')
    said(chromium, 'the code is taken', 'the answer to a code that is taken')
    need(run.log == ['scan |LINE 3-a'] and chromium.run('document.activeElement.id') == 'pause', run.asked)
    chromium.run('document.activeElement.blur()')
    chromium.scan('SLOW', pause=0.2)
    chromium.run('location.hash = "reports"')
    chromium.until('document.querySelector("#view-reports select")', 'reports')
    chromium.run('document.querySelector("#view-reports select").focus()')
    before = chromium.run('document.activeElement.value')
    chromium.scan('SN-2')
    wait(run, 'scan |SN-2')
    need(chromium.run('document.activeElement.value') == before, 'a list was changed')


def wait(run, asked):
    end = time.monotonic() + 60
    while run.asked != asked:
        need(time.monotonic() < end, f'{run.asked}, not {asked}')
        time.sleep(0.05)


def made(folder):
    """A ledger of three devices."""
    for file in 'minted.yaml', 'devices.csv', 'endpoint_cfg_batch':
        shutil.copy(os.path.join(SOURCE, 'examples', 'line', file), folder)
    subprocess.run([SIGNET, 'run', '--plain', 'minted.yaml'], cwd=folder, stdout=subprocess.DEVNULL, check=True, timeout=60)
    return os.path.join(folder, 'minted.db')


def main(folder):
    axe = open(os.environ['SIGNET_AXE'], encoding='utf-8').read() if os.environ.get('SIGNET_AXE') else None
    logins = os.path.join(folder, 'logins')
    subprocess.run([SIGNET, 'page', 'password', logins, NAME], input=PASSWORD + '\n', text=True, check=True)
    run = Run(os.path.join(folder, 'work'), SLOTS)
    run.scans = 1
    ledger = os.environ.get('SIGNET_LEDGER') or made(folder)
    page = subprocess.Popen([SIGNET, 'page', ledger, '-l', '127.0.0.1:0', '--work', os.path.join(folder, 'work'),
                             '--page-logins', logins, '--json'], stdout=subprocess.PIPE, text=True)
    chromium = None
    try:
        chromium = Chromium(json.loads(page.stdout.readline())['url'])
        chromium.until(f'document.querySelectorAll(".tile").length === {len(SLOTS)}', 'tiles')
        need(chromium.run('[...document.querySelectorAll(".tile")].map(t => t.dataset.state)') == list(STATES), 'states')
        need(chromium.run('document.querySelectorAll(".tile")[1].querySelector(".endpoint").textContent') == EVIL, 'a name')
        need(chromium.run('document.querySelectorAll(".tile img").length') == 0, 'a name became markup')
        need(chromium.run('document.querySelectorAll(".tile")[2].querySelector(".endpoint").textContent') == 'its name is not known', 'a board without a name')
        words = chromium.run('[...document.querySelectorAll(".verdict")].map(v => v.textContent)')
        need(words[1:4] == ['PASS', 'FAIL', 'MADE BEFORE'], words)
        need(len(set(chromium.run('[...document.querySelectorAll(".verdict use")].map(u => u.getAttribute("href"))')[1:4])) == 3, 'shapes')
        look(chromium, 'line', axe)
        chromium.scan('SN-0')
        said(chromium, 'no code is taken before somebody has logged in', 'a code before the login')
        log_in(chromium, axe)
        look(chromium, 'line-logged-in', axe)
        by_keyboard(chromium)
        once_more(chromium, run, axe)
        dialogs(chromium, axe)
        chromium.run('document.getElementById("operator").focus()')
        chromium.key('Enter', 13, '\r')
        chromium.type('Zoë')
        run.refuses = 'a name is refused'
        chromium.key('Enter', 13, '\r')
        chromium.until('document.getElementById("said").textContent === "a name is refused (try another)"', 'an error')
        need(run.asked == 'operator Zoë', run.asked)
        scanner(chromium, run)
        for view in ('stations', 'reports', 'device', 'device=urn:dev:os:0023C7-000101'):
            chromium.run(f'location.hash = "{view}"')
            chromium.until(f'document.getElementById("view-{view.split("=")[0]}").children.length > {3 if "=" in view else 0}', view)
            look(chromium, view.replace(':', '-'), axe)
        errors = [s for s in chromium.said if '/api/line' not in json.dumps(s)]  # a name was refused
        need(errors == [], f'Chromium says: {errors}')
    finally:
        if chromium:
            chromium.close()
        page.kill()
        page.wait()


with tempfile.TemporaryDirectory(prefix='signet' + 40 * 'x') as folder:  # a long word in what the page says
    try:
        main(folder)
    except Broken as e:
        sys.exit(str(e))
