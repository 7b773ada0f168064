// From one brand colour all others that the window needs, each with enough contrast (WCAG 2.2: 4.5 for text).

const TEXT_CONTRAST = 4.5;
/** On a dark ground more than needed: a colour just light enough looks muddy there. */
const DARK_CONTRAST = 6.5;
const FALLBACK = '#2f55d4';
const LIGHT: Rgb = [255, 255, 255];
const DARK: Rgb = [22, 25, 29];

type Rgb = [number, number, number];

/** The colours that the style sheet takes, by the name of the custom property. */
export function palette(brand: string): Record<string, string> {
  const base = parse(brand) ?? parse(FALLBACK)!;
  const onBrand = foreground(base);
  const softLight = mix(base, LIGHT, 0.1);
  const softDark = mix(base, DARK, 0.3);
  return {
    '--brand': format(base),
    '--on-brand': format(onBrand),
    '--brand-hover': format(mix(base, onBrand === LIGHT ? [0, 0, 0] : LIGHT, 0.88)),
    '--brand-veil': onBrand === LIGHT ? 'rgb(255 255 255 / .17)' : 'rgb(0 0 0 / .1)',
    '--soft-light': format(softLight),
    '--soft-dark': format(softDark),
    '--brand-text-light': format(readable(base, [LIGHT, softLight], TEXT_CONTRAST, -1)),
    '--brand-text-dark': format(readable(base, [DARK, softDark], DARK_CONTRAST, 1)),
  };
}

/** White where it can be read on that colour, else black. */
export function onColor(brand: string): string {
  return format(foreground(parse(brand) ?? parse(FALLBACK)!));
}

/** WCAG's contrast of two colours written as `#rrggbb`. */
export function contrast(one: string, other: string): number {
  return ratio(parse(one) ?? LIGHT, parse(other) ?? LIGHT);
}

function foreground(base: Rgb): Rgb {
  return ratio(base, LIGHT) >= TEXT_CONTRAST ? LIGHT : [0, 0, 0];
}

/** The same hue, darker (-1) or lighter (1) by as little as makes it readable on all grounds. */
function readable(base: Rgb, grounds: Rgb[], wanted: number, direction: -1 | 1): Rgb {
  const [hue, saturation, start] = hsl(base);
  for (let lightness = start; lightness >= 0 && lightness <= 1; lightness += direction * 0.02) {
    const step = rgb(hue, saturation, lightness);
    if (grounds.every((ground) => ratio(step, ground) >= wanted)) return step;
  }
  return direction < 0 ? [0, 0, 0] : LIGHT;
}

function mix(one: Rgb, other: Rgb, share: number): Rgb {
  return one.map((value, i) => Math.round(value * share + other[i]! * (1 - share))) as Rgb;
}

function ratio(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function parse(text: string): Rgb | null {
  const hex = /^#([0-9a-f]{6})$/i.exec(text)?.[1];
  return hex ? ([0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)) as Rgb) : null;
}

/** Hue in sixths of the circle, saturation and lightness from 0 to 1. */
function hsl(color: Rgb): [number, number, number] {
  const [r, g, b] = color.map((value) => value / 255) as Rgb;
  const [high, low] = [Math.max(r, g, b), Math.min(r, g, b)];
  const [span, lightness] = [high - low, (high + low) / 2];
  if (span === 0) return [0, 0, lightness];
  const hue = high === r ? (g - b) / span + 6 : high === g ? (b - r) / span + 2 : (r - g) / span + 4;
  return [hue % 6, span / (1 - Math.abs(2 * lightness - 1)), lightness];
}

function rgb(hue: number, saturation: number, lightness: number): Rgb {
  const span = (1 - Math.abs(2 * lightness - 1)) * saturation;
  const channel = (shift: number): number => {
    const distance = Math.abs(((hue + shift) % 6) - 3) - 1;
    return Math.round(255 * (lightness - span / 2 + span * Math.min(1, Math.max(0, distance))));
  };
  return [channel(0), channel(4), channel(2)];
}

function format(color: Rgb): string {
  return '#' + color.map((value) => value.toString(16).padStart(2, '0')).join('');
}
