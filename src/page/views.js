// SPDX-License-Identifier: Apache-2.0
// Which view is shown.
const $ = id => document.getElementById(id);
const views = ['line'];

export function showView() {
    const [name] = decodeURIComponent(location.hash.slice(1)).split('=');
    const shown = views.includes(name) ? name : 'line';
    for (const v of views) $(`view-${v}`).hidden = v !== shown;
    for (const a of document.querySelectorAll('nav a')) {
        const to = a.getAttribute('href').slice(1);
        a.hidden = !views.includes(to);
        if (to === shown) a.setAttribute('aria-current', 'page');
        else a.removeAttribute('aria-current');
    }
}
