// The launcher's looks. They live in a shadow root, so nothing of the page reaches them and they reach nothing of it.

export const LOOK = `
:host{--c:#2f55d4;--o:#fff}
*{box-sizing:border-box}
button{position:fixed;inset-block-end:16px;inset-inline-end:16px;z-index:2147483000;display:flex;align-items:center;
justify-content:center;gap:9px;min-width:56px;height:56px;padding:0 20px 0 17px;border:0;border-radius:28px;cursor:pointer;
background:var(--c);color:var(--o);font:600 15px/20px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
box-shadow:0 6px 18px rgb(20 26 38/.24)}
button:focus-visible{outline:3px solid var(--c);outline-offset:3px}
button.busy{background:#fff;color:#1a1d21;box-shadow:inset 0 0 0 2px var(--c),0 6px 18px rgb(20 26 38/.16)}
button.offline{background:#474f5c;color:#fff}
svg{flex:none;width:24px;height:24px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
em{position:absolute;top:-5px;inset-inline-end:-3px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;
background:#c42c24;color:#fff;font:650 12px/22px system-ui,sans-serif;text-align:center;box-shadow:0 0 0 2px #fff}
iframe{position:fixed;inset-block-end:16px;inset-inline-end:16px;z-index:2147483001;width:360px;height:600px;
max-width:calc(100vw - 32px);max-height:calc(100vh - 32px);border:0;border-radius:14px;
box-shadow:0 16px 44px rgb(20 26 38/.22),0 2px 8px rgb(20 26 38/.12)}
[hidden]{display:none}
@media(max-width:479px){button{padding:0}button b{display:none}
iframe{inset:0 auto auto 0;width:100vw;max-width:none;height:100dvh;max-height:none;border-radius:0}}
@media(prefers-reduced-motion:no-preference){iframe{animation:up .15s cubic-bezier(.2,0,0,1)}}
@keyframes up{from{opacity:0;transform:translateY(8px)}}
@media print{button,iframe{display:none}}
`;
