// Environments of agents: prepared, filled, written to by turns, expired; and the templates they begin with.

import { OpenAI, all, bytes, every, file } from '../walk.mjs';

const HOSTED = { type: 'openai_hosted' };
const inline = (path, text = 'data') => ({ type: 'inline', path, data: Buffer.from(text).toString('base64') });

export default async function (t) {
  const { environments } = t.client.beta.agents;
  const made = await environments.create({ environment: { ...HOSTED, files: [inline('/workspace/a.txt')] } });
  t.same(made.status, 'pending');
  t.same((await t.settled(() => environments.retrieve(made.id), 'pending')).status, 'ready');
  t.same((await environments.files.create(made.id, inline('/workspace/b.txt', 'longer'))).size_bytes, 6);
  const sent = await environments.files.upload(made.id, { file: file('x.bin', '12'), path: '/workspace/x.bin' });
  t.same(sent.environmentFile.size_bytes, 2);
  const paths = ['/workspace/a.txt', '/workspace/b.txt', '/workspace/x.bin'];
  t.same(await every('path', environments.files.list(made.id, { order: 'asc', limit: 2 })), paths);
  await t.refused(OpenAI.BadRequestError, () => environments.files.create(made.id, inline('/etc/passwd')));
  t.true((await every('id', environments.list({ limit: 1 }))).includes(made.id));
  await templates(t);
  await artifacts(t);
  await t.house.wait(86_400);
  t.true((await environments.retrieve(made.id)).status !== 'ready');
  await t.house.wait(60 * 86_400);
  t.same((await environments.retrieve(made.id)).status, 'expired');
}

async function templates(t) {
  const { environments } = t.client.beta.agents;
  const made = await environments.templates.create({ name: 'base', files: [inline('/workspace/a.txt')] });
  const changed = await environments.templates.update(made.id, { packages: { python: ['numpy'] } });
  t.same([changed.packages.python, changed.files], [['numpy'], made.files]);
  t.same(await environments.templates.retrieve(made.id), changed);
  t.same(await every('id', environments.templates.list()), [made.id]);
  const begun = await environments.create({ environment: { ...HOSTED, environment_template_id: made.id } });
  t.same(await every('path', environments.files.list(begun.id)), ['/workspace/a.txt']);
  t.same((await environments.templates.delete(made.id)).deleted, true);
  await t.gone(() => environments.templates.retrieve(made.id));
}

async function artifacts(t) {
  const { sessions } = t.client.beta.agents;
  const input = 'what is 2 + 3? Write it into /workspace/out/sum.txt please';
  const made = await sessions.create({ agent: { model: 'gpt-4o' }, environment: HOSTED, input });
  t.same((await t.settled(() => sessions.retrieve(made.id), 'in_progress')).status, 'idle');
  const [known] = await all(sessions.artifacts.list(made.id));
  const at = { session_id: made.id };
  t.same((await sessions.artifacts.retrieve(known.id, at)).path, '/workspace/out/sum.txt');
  t.true(String(await bytes(sessions.artifacts.content(known.id, at))).includes('5'));
  await sessions.artifacts.delete(known.id, at);
  t.same(await all(sessions.artifacts.list(made.id)), []);
}
