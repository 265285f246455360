// The embedded form: the opening alone, in a frame of fixed height on somebody else's page.

const EMBED_HEIGHT = 600;

/** What one puts into one's own page; our address may hold what ends an attribute. */
function embedText() {
  const address = `${window.location.href.split('#')[0]}${linkText().replace(/&m=\w+/, '&m=story')}&e=1`;
  const title = `${nameOf(DATA.theatre, '')}: ${storyHeadline()}`;
  const attributes = {
    src: address, title, width: '100%', height: EMBED_HEIGHT, loading: 'lazy', sandbox: 'allow-scripts allow-popups allow-downloads',
    style: `border: 1px solid ${LOOKS.notebook.frame}`,
  };
  const tag = 'iframe';
  return `<${tag} ${Object.entries(attributes).map(([name, value]) => `${name}="${escapeXml(value)}"`).join(' ')}></${tag}>`;
}

function openEmbed() {
  const area = el('textarea', { readonly: true, rows: 6, dir: 'ltr', 'aria-label': t('tool.embed') });
  area.value = embedText();
  const copy = el('button', { type: 'button', on: { click: async () => {
    try {
      await navigator.clipboard.writeText(area.value);
      say(t('embed.copied'));
    } catch {
      area.select();
      say(t('embed.marked'));
    }
  } } }, t('embed.copy'));
  openDialog(t('tool.embed'), el('div', { class: 'card embed' }, el('p', null, t('embed.text', { height: numberText(EMBED_HEIGHT) })), area, copy));
}

/** In a frame: the headline, both dates, the key, whose data it is, and the way to the whole map. */
function prepareEmbed() {
  if (!state.embedded) return;
  document.body.dataset.embed = 'yes';
  byId('story-key').tabIndex = 0; // In a low frame it scrolls.
  const whole = () => `${window.location.href.split('#')[0]}${linkText()}`.replace(/&e=1\b/, '');
  const link = el('a', { href: whole(), target: '_blank', rel: 'noopener' });
  link.addEventListener('click', () => { link.href = whole(); });
  link.dataset.t = 'embed.open';
  const credit = DATA.theatre.attribution ? passage('span', { class: 'quiet' }, DATA.theatre.attribution) : null;
  document.querySelector('main').append(el('p', { id: 'embed-foot' }, link, ' ', credit ?? ''));
  link.textContent = t('embed.open');
}
