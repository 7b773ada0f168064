import '@switchboard/kit/kit.css';
import { leaseHolder, lockHolder, shelfOf } from '@switchboard/protocol';
import { mount } from 'svelte';
import App from './App.svelte';
import { Alerts } from './lib/alerts';
import { Desk } from './lib/desk.svelte';
import { Http } from './lib/http';
import { Notices } from './lib/state/notices';
import { browserPlay, Sounds } from './lib/state/sounds';

const shelf = shelfOf(() => localStorage);
const desk = new Desk({
  http: new Http(),
  alerts: new Alerts(new Sounds(browserPlay()), new Notices()),
  shelf,
  // Web Locks exist only where the connection is safe, or the host is this machine.
  holder: 'locks' in navigator ? lockHolder(navigator.locks) : leaseHolder(shelf),
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/operator`,
});

const target = document.getElementById('app');
if (target) mount(App, { target, props: { desk } });
