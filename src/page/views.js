// SPDX-License-Identifier: Apache-2.0
// The views of the ledger: stations, reports, one device. Everything from outside is text (textContent), never markup.
const $ = id => document.getElementById(id);
const views = ['line', 'stations', 'reports', 'device'];
const bys = [['day', 'day'], ['shift', 'shift'], ['operator', 'operator'], ['station', 'station'], ['slot', 'slot'], ['order', 'order']];
const spans = [['1', 'today'], ['7', 'the last 7 days'], ['31', 'the last 31 days']];
let timer = null;

export function element(name, text, className) {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (className) e.className = className;
    return e;
}

// rows: arrays of texts, numbers or elements
function table(caption, heads, rows) {
    const box = element('div', undefined, 'scroll'), t = element('table'), head = element('tr'), body = element('tbody');
    box.tabIndex = 0;
    box.setAttribute('role', 'region');
    box.setAttribute('aria-label', caption);
    for (const h of heads) {
        const th = element('th', h);
        th.scope = 'col';
        head.append(th);
    }
    for (const row of rows) {
        const tr = element('tr');
        for (const cell of row) {
            const td = element('td', cell instanceof Node ? undefined : String(cell ?? ''), typeof cell === 'number' ? 'number' : '');
            if (cell instanceof Node) td.append(cell);
            tr.append(td);
        }
        body.append(tr);
    }
    const top = element('thead');
    top.append(head);
    t.append(element('caption', caption), top, body);
    box.append(t);
    return rows.length ? box : element('p', `${caption}: nothing`);
}

const share = (part, whole) => whole ? `${(100 * part / whole).toFixed(1)} %` : '–';
const local = time => new Date(time).toLocaleString();
const seconds = value => value === undefined ? '–' : `${value.toFixed(1)} s`;

function age(s) {
    return s < 60 ? 'now' : s < 3600 ? `${Math.floor(s / 60)} min ago` : s < 86400 ? `${Math.floor(s / 3600)} h ago` : `${Math.floor(s / 86400)} days ago`;
}

async function get(path) {
    const answer = await fetch(path), json = await answer.json();
    if (!answer.ok) throw new Error(json.error.hint ? `${json.error.message} (${json.error.hint})` : json.error.message);
    return json;
}

function link(endpoint) {
    const a = element('a', endpoint);
    a.href = `#device=${encodeURIComponent(endpoint)}`;
    return a;
}

function select(name, options, chosen) {
    const label = element('label', name), s = element('select');
    for (const [value, text] of options) {
        const o = element('option', text);
        o.value = value;
        o.selected = value === chosen;
        s.append(o);
    }
    label.append(s);
    return [label, s];
}

async function stations() {
    const { stations: all, today } = await get('/api/stations'), of = new Map(today.map(r => [r.name, r]));
    timer = setTimeout(showView, 30000);
    return [element('h2', 'Stations of this ledger'),
        table('Stations, and what they made today', ['station', 'last event', 'when', 'operator', 'order', 'passed', 'failed', 'yield', 'first pass', 'cycle'],
            all.map(s => {
                const r = of.get(s.station) || { passed: 0, failed: 0, first_pass: 0 };
                return [s.station, s.kind, age(s.seconds), s.operator, s.order, r.passed, r.failed, share(r.passed, r.passed + r.failed),
                    share(r.first_pass, r.passed + r.failed), seconds(r.cycle_median)];
            }))];
}

function plot(kind, alt, query) {
    const img = element('img', undefined, 'plot');
    img.src = `/plot.svg?plot=${kind}&${query}`;
    img.alt = `${alt}; the table below has the same figures`;
    img.width = 760;
    img.height = 320;
    return img;
}

async function reports(arg) {
    const [by, days] = arg ? arg.split(',') : ['day', '7'], query = new URLSearchParams({ by, days });
    const form = element('form', undefined, 'query'), [byLabel, bySelect] = select('By', bys, by), [daysLabel, daysSelect] = select('Of', spans, days);
    form.append(byLabel, daysLabel);
    form.addEventListener('change', () => { location.hash = `reports=${bySelect.value},${daysSelect.value}`; });
    const { rows } = await get(`/api/report?${query}`), errors = (await get(`/api/report?by=error&days=${encodeURIComponent(days)}`)).rows;
    return [element('h2', 'Reports'), form,
        plot('yield', `Yield by ${by}`, query),
        plot('cycle', `Cycle time by ${by}`, query),
        table(`What was made, by ${by}`, [by, 'passed', 'failed', 'yield', 'first pass', 'made before', 'refused', 'done', 'cycle', 'p95'],
            rows.map(r => [r.name || '(none)', r.passed, r.failed, share(r.passed, r.passed + r.failed), share(r.first_pass, r.passed + r.failed),
                r.made_before, r.refused, r.done, seconds(r.cycle_median), seconds(r.cycle_p95)])),
        plot('errors', 'Units by error', query),
        table('Errors', ['error', 'failed', 'refused', 'the last one'], errors.map(r => [r.name, r.failed, r.refused, r.message]))];
}

async function device(name) {
    const form = element('form', undefined, 'query'), label = element('label', 'Endpoint, or the board\'s hardware id'), input = element('input');
    input.maxLength = 150;
    input.value = name || '';
    label.append(input);
    form.append(label, element('button', 'Show'));
    form.addEventListener('submit', e => {
        e.preventDefault();
        location.hash = `device=${encodeURIComponent(input.value.trim())}`;
    });
    const top = [element('h2', 'Device'), form];
    if (!name) return top;
    try {
        const found = await get(`/api/device?name=${encodeURIComponent(name)}`);
        for (const d of found.devices)
            top.push(table(d.edition > 1 ? `${d.endpoint}, edition ${d.edition}` : d.endpoint, ['what', 'is'],
                Object.entries(d).map(([key, value]) => [key, ['created', 'changed'].includes(key) ? local(value) : String(value)])));
        return [...top,
            table('Servers', ['server', 'state', 'when', 'reason'], found.deliveries.map(d => [d.server, d.state, local(d.changed), d.error || d.by_hand])),
            table('History, as the chain of events has it', ['when', 'event', 'station', 'operator', 'detail', 'hash'],
                found.history.map(e => [local(e.time), e.kind, `${e.station} ${e.seq}`, e.operator, e.detail, e.hash]))];
    } catch (e) {
        return [...top, element('p', e.message, 'said')];
    }
}

const drawers = { stations, reports, device };

export async function showView() {
    const [name, ...rest] = location.hash.slice(1).split('=');
    const shown = views.includes(name) ? name : 'line';
    clearTimeout(timer);
    for (const v of views) $(`view-${v}`).hidden = v !== shown;
    for (const a of document.querySelectorAll('nav a'))
        if (a.getAttribute('href') === `#${shown}`) a.setAttribute('aria-current', 'page');
        else a.removeAttribute('aria-current');
    if (shown === 'line') return;
    let parts;
    try {
        parts = await drawers[shown](decodeURIComponent(rest.join('=')));
    } catch (e) {
        parts = [element('p', e.message, 'said')];
    }
    $(`view-${shown}`).replaceChildren(...parts);
}

export { link };
