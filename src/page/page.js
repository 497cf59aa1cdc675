// SPDX-License-Identifier: Apache-2.0
// The line: what the stream says, as tiles. Everything from outside is text (textContent), never markup.
import { element, link, showView } from '/views.js';

const $ = id => document.getElementById(id);
const line = { order: null, slots: new Map(), servers: [], got: 0, away: null };
let session = { logins: false, closed: false };

const verdicts = {
    'empty': ['empty', 'empty'], 'working': ['in work', 'working'], 'pass': ['PASS', 'pass'], 'fail': ['FAIL', 'fail'],
    'made-before': ['MADE BEFORE', 'before'], 'closed': ['closed', 'stop'], 'halted': ['STOPPED', 'stop'], 'waiting': ['waiting', 'waiting'],
};

function setText(e, text) {
    if (e.textContent !== text) e.textContent = text;
}

function duration(seconds) {
    const s = Math.max(0, Math.round(seconds)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? `${h} h ${m} min` : m ? `${m} min ${s % 60} s` : `${s} s`;
}

const percent = (part, whole) => whole ? `${(100 * part / whole).toFixed(1)} %` : '–';

// tiles

function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', `#i-${name}`);
    svg.append(use);
    return svg;
}

function makeTile(name) {
    const tile = element('li', undefined, 'tile'), head = element('div', undefined, 'head'), body = element('div', undefined, 'body');
    const t = { tile, title: element('h2', `Slot ${name}`), off: element('span', 'off', 'off'), verdict: element('p', undefined, 'verdict'),
        bar: element('progress'), endpoint: element('p', '', 'endpoint'), stage: element('p', '', 'stage'), reason: element('p'),
        hint: element('p', '', 'hint'), again: element('button'), button: element('button') };
    const actions = element('div', undefined, 'actions');
    t.bar.max = 1;
    t.bar.setAttribute('aria-label', `Progress of slot ${name}`);
    t.again.type = t.button.type = 'button';
    t.again.addEventListener('click', () => again(name));
    t.button.addEventListener('click', () => say(line.slots.get(name).off ? 'on' : 'off', name));
    head.append(t.title, t.off);
    actions.append(t.again, t.button);
    body.append(t.endpoint, t.stage, t.reason, t.hint, actions);
    tile.append(head, t.verdict, t.bar, body);
    return t;
}

function drawVerdict(t, state) {
    if (t.tile.dataset.state === state) return;
    const [word, shape] = verdicts[state] || [state, 'empty'];
    t.tile.dataset.state = state;
    t.verdict.replaceChildren(icon(shape), element('span', word));
}

function drawEndpoint(t, endpoint, without) {
    if (t.endpoint.textContent !== (endpoint || without)) t.endpoint.replaceChildren(endpoint ? link(endpoint) : without);
}

function drawSlot(s, t) {
    const ended = ['pass', 'fail', 'made-before', 'halted', 'waiting'].includes(s.state), works = s.state === 'working';
    drawVerdict(t, s.state);
    t.off.hidden = !s.off;
    t.bar.hidden = !works;
    t.bar.value = s.part;
    drawEndpoint(t, s.state === 'empty' ? '' : s.endpoint, ['fail', 'made-before'].includes(s.state) ? 'its name is not known' : '');
    t.hint.hidden = !(ended && s.hint);
    setText(t.reason, ended && s.state !== 'pass' ? s.reason || '' : '');
    setText(t.hint, s.hint ? `What to do: ${s.hint}` : '');
    t.button.hidden = !session.token;
    setText(t.button, s.off ? 'Put in again' : 'Take out');
    t.again.hidden = !session.token || !s.may;
    setText(t.again, s.may === 'retry' ? 'Retry' : 'Rework');
    for (const b of [t.again, t.button]) b.setAttribute('aria-label', `${b.textContent}: slot ${s.slot}`);
    drawTime(s, t);
}

function drawTime(s, t) {
    const seconds = s.seconds + (s.state === 'working' && !line.away ? (performance.now() - s.got) / 1000 : 0);
    const shown = s.state === 'working' || s.state === 'pass' || s.state === 'fail';
    setText(t.stage, shown ? `${s.stage}${s.stage ? ', ' : ''}${duration(seconds)}${s.retried ? ', second attempt' : ''}` : '');
}

// above the tiles

function figure(name, value) {
    const div = element('div');
    div.append(element('dt', name), element('dd', value));
    return div;
}

function drawFigures() {
    const o = line.order, boards = o.passed + o.failed, hours = o.seconds / 3600;
    const made = o.slots.length || tiles.size ? o.passed : o.made - o.made_before; // without boards: devices
    const rows = [['Operator', o.operator || '–'], ['Shift', o.shift || '–'], ['Done of quota', `${o.made - o.waiting} / ${o.quota}`],
        ['Yield', percent(o.passed, boards)], ['First pass', percent(o.first_pass, boards)],
        ['Passed, failed', `${o.passed}, ${o.failed}`], ['Rate', hours > 0 ? `${Math.round(made / hours)} / h` : '–'],
        ['Time left', o.seconds_left >= 0 ? duration(o.seconds_left) : '–'], ['Made, not done yet', String(o.waiting)]];
    for (const s of line.servers) rows.push([`Not yet at ${s.server}`, String(s.waiting)]);
    for (const n of o.notify || []) rows.push([`Events not told to ${n.name}`, String(n.waiting)]);
    $('figures').replaceChildren(...rows.map(([name, value]) => figure(name, value)));
    $('progress').value = o.quota ? o.made / o.quota : 0;
    $('progress').hidden = false;
}

function drawState() {
    const o = line.order;
    setText($('order'), o ? o.order : 'Signet');
    setText($('state'), line.away ? line.away : !o ? 'no run seen yet' : o.stopping ? 'it ends' : o.paused ? 'PAUSED' : 'at work');
    $('slots').classList.toggle('old', Boolean(line.away));
    setText($('pause'), o && o.paused ? 'Go on' : 'Pause the line');
    $('actions').hidden = !session.token || !o;
    $('code').hidden = !o || !o.scans;
    document.title = o ? `${o.order}: ${o.made} of ${o.quota}` : 'Signet';
}

function drawAlarms() {
    $('alarms').replaceChildren(...[...line.order.alarms].sort((a, b) => a.seconds - b.seconds).map(a => {
        const li = element('li', a.count > 1 ? `${a.message} (${a.count} times)` : a.message);
        if (a.hint) li.append(element('span', `What to do: ${a.hint}`, 'hint'));
        return li;
    }));
}

const tiles = new Map();

function takeStatus(status, whole) {
    const alarms = JSON.stringify(status.alarms.map(a => [a.message, a.count]));
    if (whole) {
        line.slots.clear();
        tiles.clear();
        $('slots').replaceChildren();
    }
    for (const s of status.slots) {
        s.got = performance.now();
        line.slots.set(s.slot, s);
        if (!tiles.has(s.slot)) {
            tiles.set(s.slot, makeTile(s.slot));
            $('slots').append(tiles.get(s.slot).tile);
        }
        drawSlot(s, tiles.get(s.slot));
    }
    const count = tiles.size; // few slots are large
    $('slots').style.setProperty('--tile', count <= 4 ? 'max(28rem, 30vw)' : count <= 9 ? 'max(21rem, 22vw)' : '17rem');
    line.order = status;
    line.away = null;
    drawFigures();
    drawState();
    if (whole) askServers();
    if (line.alarms !== alarms || whole) drawAlarms();
    line.alarms = alarms;
}

// the stream

let stream = null;

function listen() {
    if (stream) stream.close();
    stream = new EventSource('/events');
    stream.addEventListener('status', e => takeStatus(JSON.parse(e.data), true));
    stream.addEventListener('change', e => takeStatus(JSON.parse(e.data), false));
    stream.addEventListener('away', e => {
        setAway(JSON.parse(e.data).message);
        if (!line.order && !location.hash) location.replace('#stations'); // the ledger has something to show
    });
    stream.addEventListener('error', () => {
        setAway('no connection to the page');
        if (stream.readyState === EventSource.CLOSED) setTimeout(listenAgain, 5000);
    });
    stream.addEventListener('open', () => { if (!line.order) setAway(null); });
}

// The browser gives up where it was refused: the session may be over.
async function listenAgain() {
    try {
        await askSession();
    } catch {
        return setTimeout(listenAgain, 5000);
    }
    if (session.closed && !session.token) return $('login-dialog').showModal();
    return listen();
}

function setAway(text) {
    line.away = text;
    drawState();
}

async function askServers() {
    if (!line.order || !line.order.servers.length || line.away || document.hidden) return;
    const answer = await fetch('/api/servers');
    if (!answer.ok) return;
    line.servers = (await answer.json()).servers;
    drawFigures();
}

// what a person changes

function toast(text) {
    setText($('said'), text);
    $('said').hidden = !text;
    if (text) setTimeout(() => { $('said').hidden = true; }, 8000);
}

async function post(path, lines) {
    const answer = await fetch(path, { method: 'POST', headers: { 'X-Signet-Token': session.token || '-' }, body: lines.join('\n') });
    const json = await answer.json();
    if (answer.ok) return json;
    if (answer.status === 401) await askSession();
    throw new Error(json.error.hint ? `${json.error.message} (${json.error.hint})` : json.error.message);
}

async function say(...words) {
    try {
        await post('/api/line', words); // what became of it comes by the stream: this answer may be older
        toast(words[0] === 'scan' ? 'the code is taken' : '');
    } catch (e) {
        toast(e.message);
    }
}

// The board that came to its end in a slot, once more.
function again(slot) {
    const s = line.slots.get(slot), failed = s.state === 'fail';
    if (s.may === 'retry') return say('retry', slot);
    return ask(`Rework the board in slot ${slot}?`, failed ? `${s.endpoint} gets another attempt on this board, which is erased.`
        : `${s.endpoint} gets new credentials on this board, which is erased. Its servers lose those of before.`, 'Rework', 'Reason', reason => {
        const now = line.slots.get(slot);
        if (now.may !== 'rework' || now.endpoint !== s.endpoint) return toast('that board is no longer in the slot, or in work');
        return say('rework', `${slot}|${reason}`);
    });
}

// A scanner that acts as a keyboard: keys that follow each other faster than a person types, then Enter or Tab.
function readScanner() {
    let text = '', at = 0;
    addEventListener('keydown', e => {
        const quick = e.timeStamp - at < 80;
        if ($('code').hidden || e.metaKey || e.repeat || e.target.tagName === 'INPUT') return;
        if ((e.key === 'Enter' || e.key === 'Tab') && quick && text.length > 1) {
            e.preventDefault(); // no button is pressed by it
            e.stopPropagation();
            if (session.token) say('scan', `|${text}`);
            else toast('no code is taken before somebody has logged in');
            text = '';
        } else if (e.key.length === 1 && (!e.ctrlKey || e.getModifierState('AltGraph'))) {
            if (quick || e.target.tagName === 'SELECT') e.preventDefault(); // nor a list changed
            text = quick ? text + e.key : e.key;
            at = e.timeStamp;
        }
    }, true);
}

// what: of the text that is typed; '': there is none
function ask(title, text, yes, what, then) {
    setText($('ask-title'), title);
    setText($('ask-text'), text);
    setText($('ask-yes'), yes);
    setText($('ask-what'), what);
    $('ask-label').hidden = !what;
    $('ask-name').required = Boolean(what);
    $('ask-name').value = '';
    $('ask-form').onsubmit = () => then($('ask-name').value);
    $('ask-dialog').showModal();
}

async function logIn(event) {
    event.preventDefault();
    try {
        session = await post('/api/login', [$('login-name').value, $('login-password').value]);
        $('login-dialog').close();
        location.reload();
    } catch (e) {
        setText($('login-said'), e.message);
    }
    $('login-password').value = '';
}

async function askSession() {
    const answer = await fetch('/api/session');
    session = answer.ok ? await answer.json() : session;
    $('login').hidden = !session.logins;
    setText($('login'), session.token ? 'Log out' : 'Log in');
    setText($('who'), session.name || '');
    for (const [name, t] of tiles) drawSlot(line.slots.get(name), t);
    drawState();
}

async function begin() {
    $('login').addEventListener('click', async () => {
        if (!session.token) return $('login-dialog').showModal();
        await post('/api/logout', []);
        location.reload();
    });
    $('login-form').addEventListener('submit', logIn);
    for (const b of document.querySelectorAll('dialog .close')) b.addEventListener('click', () => b.closest('dialog').close());
    $('pause').addEventListener('click', () => say(line.order && line.order.paused ? 'resume' : 'pause'));
    $('operator').addEventListener('click', () => ask('Who is at work?', 'An event of the order; later events carry the name.',
        'Change', 'Name', name => say('operator', name)));
    $('shift').addEventListener('click', () => ask('Which shift works?', 'Later outcomes of boards carry it.', 'Change', 'Name',
        name => say('shift', name)));
    $('code').addEventListener('click', () => ask('Which code was read?', 'A scanner types it without this.', 'Scan', 'Code',
        code => say('scan', `|${code}`)));
    readScanner();
    $('stop').addEventListener('click', () => ask('End the run?', 'Boards that are in work are finished as far as Ctrl-C lets them. '
        + 'To go on later, start the order again.', 'End the run', '', () => say('stop')));
    addEventListener('hashchange', showView);
    showView();
    await askSession();
    if (session.closed && !session.token) return $('login-dialog').showModal();
    listen();
    setInterval(() => { for (const [name, t] of tiles) drawTime(line.slots.get(name), t); }, 1000);
    setInterval(askServers, 5000);
}

begin();
