// The sentences of a language. `{n}` is a value, `*…*` has weight; an object holds the plural forms for `n`.

/** How each language calls itself. */
export const NAMES = { en: 'English', fr: 'Français' };

export const LANGUAGES = Object.keys(NAMES);

/** The first of the wished languages that there is; English without one. */
export function choose(wished) {
  return wished.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => LANGUAGES.includes(tag)) ?? 'en';
}

/** Gives back `t(key, values)`: the sentence, with numbers written by `figures`. */
export function translator(figures, sentences, language) {
  const plurals = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const found = sentences[key];
    const sentence = found.other ? found[plurals.select(values.n)] ?? found.other : found;
    return sentence.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return typeof value === 'number' ? figures(value) : value;
    });
  };
}

/** The sentence in pieces, `{ text, strong }`. */
export function pieces(sentence) {
  return sentence.split('*').map((text, place) => ({ text, strong: place % 2 === 1 }));
}
