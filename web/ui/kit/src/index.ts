/** The parts the interface is made of. Values are in tokens.css; import `@switchboard/kit/kit.css` once. */
export { default as Avatar } from './Avatar.svelte';
export { default as Button } from './Button.svelte';
export { default as Capacity } from './Capacity.svelte';
export { default as Dialog } from './Dialog.svelte';
export { default as EmptyState } from './EmptyState.svelte';
export { default as Field } from './Field.svelte';
export { default as IdleMark, type Severity } from './IdleMark.svelte';
export { default as Kbd } from './Kbd.svelte';
export { default as Logo } from './Logo.svelte';
export { default as Menu, type MenuItem, type MenuSection } from './Menu.svelte';
export { default as Ring } from './Ring.svelte';
export { default as Segments } from './Segments.svelte';
export { default as Select, type Choice } from './Select.svelte';
export { default as Skeleton } from './Skeleton.svelte';
export { default as StatusMark, type Presence } from './StatusMark.svelte';
export { default as Switch } from './Switch.svelte';
export { default as Tabs, type Tab } from './Tabs.svelte';
export { default as Toasts, type Toast } from './Toasts.svelte';
