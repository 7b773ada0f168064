// Dashboards against the types that Grafana publishes of them: whatever a dashboard says is something that Grafana
// reads, of the right kind, and nothing that it needs is missing.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';
import { beforeAll, describe, expect, test } from 'vitest';

interface Panel {
  title: string;
  type: string;
  options?: unknown;
  fieldConfig?: { defaults: { custom?: unknown } };
  links?: Record<string, unknown>[];
}

interface Dashboard {
  annotations: { list: Record<string, unknown>[] };
  panels: Panel[];
  [field: string]: unknown;
}

const types = join(dirname(createRequire(import.meta.url).resolve('@grafana/schema/package.json')), 'dist/types/raw');
const folder = fileURLToPath(new URL('../../../../grafana/dashboards/', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

/** Fields of an annotation that belong to the Prometheus data source, of which the dashboard's own types know nothing. */
const OF_PROMETHEUS = ['expr', 'step', 'titleFormat', 'textFormat', 'useValueForTime'];

/** What each type of panel may have in `options` and in `fieldConfig.defaults.custom`. */
const PANELS: Record<string, { module: string; custom: boolean }> = {
  timeseries: { module: 'composable/timeseries/panelcfg/x/types.gen.d.ts', custom: true },
  stat: { module: 'composable/stat/panelcfg/x/types.gen.d.ts', custom: false },
};

let dashboard: ValidateFunction;
const options = new Map<string, ValidateFunction>();
const custom = new Map<string, ValidateFunction>();

beforeAll(() => {
  dashboard = validator('dashboard/x/types.gen.d.ts', 'Dashboard');
  for (const [type, { module, custom: has }] of Object.entries(PANELS)) {
    options.set(type, validator(module, 'Options'));
    if (has) custom.set(type, validator(module, 'FieldConfig'));
  }
}, 120_000);

test('there are dashboards to look at', () => {
  expect(files.length).toBeGreaterThanOrEqual(5);
});

describe.each(files)('%s', (file) => {
  test('is what Grafana calls a dashboard', () => {
    expect(wrong(dashboard, withoutPrometheus(read(file)))).toEqual([]);
  });

  test('has panels with options that their types know', () => {
    for (const panel of read(file).panels.filter((panel) => panel.type !== 'row')) {
      const known = options.get(panel.type);
      expect(known, `${panel.title}: ${panel.type}`).toBeDefined();
      expect(wrong(known!, panel.options), panel.title).toEqual([]);
      const own = panel.fieldConfig?.defaults.custom;
      const fits = custom.get(panel.type);
      if (fits) expect(wrong(fits, own), panel.title).toEqual([]);
      else expect(own, panel.title).toBeUndefined();
    }
  });
});

test('slips are found', () => {
  const broken = (change: (dashboard: Dashboard) => void) => {
    const copy = withoutPrometheus(read('overview.json'));
    change(copy);
    return wrong(dashboard, copy);
  };
  expect(broken(() => undefined)).toEqual([]);
  expect(broken((copy) => (copy['tittle'] = 'Overview'))).not.toEqual([]);
  expect(broken((copy) => delete copy['schemaVersion'])).not.toEqual([]);
  expect(broken((copy) => (copy.annotations.list[0]!['enable'] = 'yes'))).not.toEqual([]);
  expect(broken((copy) => (copy.panels[1]!.fieldConfig = { defaults: 3 as never }))).not.toEqual([]);
  const panel = read('nodes.json').panels.find((panel) => panel.type === 'timeseries')!;
  expect(wrong(options.get('timeseries')!, { ...(panel.options as object), legend: 'bottom' })).not.toEqual([]);
  expect(wrong(custom.get('timeseries')!, { fillOpacity: 'much' })).not.toEqual([]);
});

/** Checks against one of Grafana's types; a field that the type does not have is wrong. */
function validator(module: string, type: string): ValidateFunction {
  const generator = createGenerator({
    path: join(types, module),
    type,
    expose: 'export',
    jsDoc: 'none',
    skipTypeCheck: true,
    additionalProperties: false,
  });
  return new Ajv({ strict: false, allErrors: true }).compile(generator.createSchema(type) as SchemaObject);
}

function wrong(validate: ValidateFunction, value: unknown): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
}

function withoutPrometheus(dashboard: Dashboard): Dashboard {
  const list = dashboard.annotations.list.map((annotation) => {
    const known = Object.entries(annotation).filter(([field]) => !OF_PROMETHEUS.includes(field));
    return Object.fromEntries(known);
  });
  return { ...dashboard, annotations: { ...dashboard.annotations, list } };
}

function read(file: string): Dashboard {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard;
}
