// Making elements by hand: no markup from text anywhere, so that nothing a person writes can become markup.

import type { IconNode } from 'lucide';

type Child = Node | string | null | false | undefined;
type Props = { [name: string]: string | number | boolean | null | undefined | ((event: any) => void) };

/** `h('button.send', { type: 'button', onclick }, …)`: an element with classes, attributes, listeners and children. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  what: Tag | `${Tag}.${string}`, props: Props = {}, ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const [tag, ...classes] = what.split('.');
  const element = document.createElement(tag!) as HTMLElementTagNameMap[Tag];
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== false && child !== undefined));
  return element;
}

/** Sets or removes; writes only what is new, so that screen readers are not told twice. */
export function setAttribute(element: Element, name: string, value: string | number | boolean | null | undefined): void {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value === true ? '' : value)) {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** An icon that says nothing by itself. */
export function icon(nodes: IconNode, size = 20): SVGSVGElement {
  const svg = vector('svg', {
    viewBox: '0 0 24 24', width: size, height: size, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.75,
    'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true', class: 'icon',
  }) as SVGSVGElement;
  svg.append(...nodes.map(([tag, attributes]) => vector(tag, attributes)));
  return svg;
}

function vector(tag: string, attributes: Record<string, string | number | undefined>): Element {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
