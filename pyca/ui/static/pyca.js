/* What the page does between two refreshes: it counts ages on, says when the recorder is silent, asks in a dialog.
   Everything here is a comfort; without it the page is complete. */
(() => {
  'use strict';

  const root = document.documentElement;
  const stale = document.getElementById('stale');
  const dialog = document.getElementById('ask');
  const page = () => document.getElementById('page');
  let ahead = 0; // seconds by which the recorder's clock is ahead of ours
  let heard = 0; // when the recorder last answered, by our clock
  let silent = false;

  const ours = () => Date.now() / 1000;

  function duration(seconds) {
    const units = [[86400, 'days'], [3600, 'hours'], [60, 'minutes']];
    const [size, name] = units.find(([least]) => seconds >= least) || [1, 'seconds'];
    return root.dataset[name].replace('%', Math.max(0, Math.floor(seconds / size)));
  }

  function timer(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const two = (number) => String(number).padStart(2, '0');
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  }

  function clock(at) { // in the zone of the page, which need not be that of the browser
    return new Date((at + Number(page().dataset.offset)) * 1000).toISOString().slice(11, 19);
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function count() {
    const now = ours() + ahead;
    const each = (name, text) => {
      for (const element of document.querySelectorAll(`[data-${name}]`)) write(element, text(element.dataset));
    };
    each('age', (data) => data.say.replace('%', duration(now - data.age)));
    each('ahead', (data) => data.say.replace('%', duration(data.ahead - now)));
    each('since', (data) => timer(now - data.since));
    each('until', (data) => timer(data.until - now));
    for (const bar of document.querySelectorAll('progress[data-from]')) {
      bar.value = Math.min(bar.max, Math.max(0, now - bar.dataset.from));
    }
    if (silent) {
      const since = stale.querySelector('.since');
      const shown = clock(heard + ahead);
      write(since, since.dataset.say.replace('%', duration(ours() - heard)).replace('@', shown));
    }
  }

  function fresh() { // what is shown holds at this moment, be it new or not
    heard = ours();
    for (const element of document.querySelectorAll('[data-clock]')) write(element, clock(heard + ahead));
    silent = false;
    stale.hidden = true;
    root.classList.remove('stale');
    stale.querySelector('[role=alert]').textContent = '';
  }

  function lost() {
    if (silent) return;
    silent = true;
    root.classList.add('stale');
    stale.hidden = false;
    write(stale.querySelector('[role=alert]'), stale.querySelector('[role=alert]').dataset.say);
    count();
  }

  function set() {
    if (page().dataset.now) ahead = page().dataset.now - ours();
    count();
  }

  const refreshes = (event) => event.detail.ctx.sourceElement.id === 'page';

  document.addEventListener('htmx:config:request', (event) => {
    if (!refreshes(event)) return;
    const { ctx } = event.detail;
    if (document.hidden || dialog.open) event.preventDefault();
    else if (page().dataset.tag) ctx.request.headers['If-None-Match'] = `"${page().dataset.tag}"`;
    ctx.fetch = (address, options) => fetch(address, options).catch(() => new Response(null, { status: 204 }));
  });

  document.addEventListener('htmx:before:response', (event) => {
    if (refreshes(event) && event.detail.ctx.response.status === 304) fresh();
  });

  document.addEventListener('htmx:before:swap', (event) => {
    const { ctx } = event.detail;
    if (refreshes(event)) {
      if (ctx.response.status === 304) return;
      if (ctx.text.includes('id="page"')) {
        fresh();
      } else { // not a page of ours: a login that ended, a proxy that apologises, nothing
        event.preventDefault();
        lost();
      }
    } else if (ctx.target === dialog && !ctx.text.includes('id="question"')) {
      event.preventDefault(); // it has changed meanwhile, the page says how
      location.assign(ctx.response.raw.url);
    }
  });

  function newest() { // the last lines of the log are those that matter
    const lines = document.querySelector('.lines');
    if (lines) lines.scrollTop = lines.scrollHeight;
  }

  document.addEventListener('htmx:after:swap', (event) => {
    if (event.detail.ctx.target.id === 'loglines') newest();
    if (event.detail.ctx.target === dialog && dialog.querySelector('#question')) {
      dialog.showModal();
      dialog.querySelector('[data-cancel]').focus();
    } else {
      set();
      if (refreshes(event)) fresh();
    }
  });

  document.addEventListener('htmx:error', (event) => {
    const { ctx } = event.detail;
    if (ctx && ctx.target === dialog) ctx.sourceElement.submit();
  });

  dialog.addEventListener('click', (event) => {
    if (!event.target.closest('[data-cancel]')) return;
    event.preventDefault();
    dialog.close();
  });

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) page().dispatchEvent(new Event('renew'));
  });

  const notice = document.getElementById('notice');
  if (notice) notice.focus({ preventScroll: false });

  newest();
  set();
  fresh();
  setInterval(count, 1000);
})();
