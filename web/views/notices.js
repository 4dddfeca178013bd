// What the host must know of the counter that was kept.

import { pieces } from '../model/i18n.js';

const named = (notice) => JSON.stringify(notice);

/** A notice as it is read. */
export function telling(notice, t) {
  const { code, counter, path, reason } = notice;
  const found = [t(`notice.${code}`)];
  const stays = code === 'not_saved' || code === 'not_shared';
  if (!stays) found.push(counter === undefined ? t('notice.afresh') : t('notice.goes_on', { n: counter }));
  return {
    name: named(notice),
    // What goes on being so stays in sight.
    mayGo: !stays,
    pieces: pieces(found.join(' ')),
    file: path === undefined ? reason ?? '' : t('notice.kept', { path }),
  };
}

export const notices = () => ({
  read: [],

  get unread() {
    return this.notices.map((notice) => telling(notice, this.t)).filter(({ name }) => !this.read.includes(name));
  },

  dismiss(name) { this.read.push(name); },
});
