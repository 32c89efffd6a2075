// Containers: files in them, and their end.  Skills: bundles of files in versions, one of them the default.

import { OpenAI, bytes, every, file } from '../walk.mjs';

export default async function (t) {
  const { containers } = t.client;
  const file_ids = [await t.upload('data.csv', 'a,b\n')];
  const made = await containers.create({ name: 'box-1', memory_limit: '4g', file_ids });
  t.same([made.status, made.expires_after.minutes], ['running', 20]);
  t.same((await containers.retrieve(made.id)).name, 'box-1');
  t.same(await every('id', containers.list({ name: 'box-1' })), [made.id]);
  const at = { container_id: made.id };
  const sent = await containers.files.create(made.id, { file: file('new.txt', 'new') });
  t.same((await containers.files.retrieve(sent.id, at)).path, '/mnt/data/new.txt');
  t.same(String(await bytes(containers.files.content.retrieve(sent.id, at))), 'new');
  t.same((await every('path', containers.files.list(made.id))).sort(), ['/mnt/data/data.csv', '/mnt/data/new.txt']);
  await containers.files.delete(sent.id, at);
  await t.gone(() => containers.files.retrieve(sent.id, at));
  await t.house.wait(21 * 60);
  t.same((await containers.retrieve(made.id)).status, 'expired');
  await t.refused(OpenAI.BadRequestError, () => containers.files.list(made.id));
  await containers.delete(made.id);
  await t.gone(() => containers.retrieve(made.id));
  await skills(t);
}

const folder = (name) => {
  const manifest = `---\nname: "${name}"\ndescription: Does ${name}.\n---\n`;
  return { files: [file(`${name}/SKILL.md`, manifest), file(`${name}/lib/run.py`, 'print(1)')] };
};

async function skills(t) {
  const { skills } = t.client;
  const made = await skills.create(folder('one'));
  t.same([made.name, made.description, made.default_version], ['one', 'Does one.', '1']);
  t.same(String((await bytes(skills.content.retrieve(made.id))).subarray(0, 2)), 'PK');
  t.same((await skills.versions.create(made.id, folder('two'))).version, '2');
  t.same((await skills.versions.create(made.id, { ...folder('three'), default: true })).version, '3');
  t.same((await skills.retrieve(made.id)).name, 'three');
  const at = { skill_id: made.id };
  t.same((await skills.versions.retrieve('2', at)).name, 'two');
  t.true((await bytes(skills.versions.content.retrieve('2', at))).includes('SKILL.md'));
  t.same(await every('version', skills.versions.list(made.id, { order: 'asc' })), ['1', '2', '3']);
  t.same((await skills.update(made.id, { default_version: '1' })).name, 'one');
  await t.refused(OpenAI.BadRequestError, () => skills.versions.delete('1', at));
  t.same((await skills.versions.delete('3', at)).deleted, true);
  t.true((await every('id', skills.list({ limit: 1 }))).includes(made.id));
  t.same((await skills.delete(made.id)).deleted, true);
  await t.gone(() => skills.retrieve(made.id));
}
