// Keys: they work, they may do what their scopes say, they expire, and once deleted they are refused.

import { OpenAI, all, every, user } from '../walk.mjs';

const say = (client) => client.chat.completions.create({ model: 'gpt-4o', messages: user('Say: hi') });

export default async function (t) {
  const { adminAPIKeys, projects } = t.client.admin.organization;
  const made = await adminAPIKeys.create({ name: 'boss' });
  const boss = t.make(made.value);
  t.true((await all(boss.admin.organization.projects.list())).length);
  await t.refused(OpenAI.PermissionDeniedError, () => say(boss));
  t.same((await adminAPIKeys.retrieve(made.id)).name, 'boss');
  t.same(await every('id', adminAPIKeys.list()), [made.id]);
  t.same((await adminAPIKeys.delete(made.id)).deleted, true);
  await t.refused(OpenAI.AuthenticationError, () => boss.admin.organization.projects.list());
  const short = t.make((await adminAPIKeys.create({ name: 'short', expires_in_seconds: 60 })).value);
  t.true((await all(short.admin.organization.projects.list())).length);
  await t.house.wait(61);
  await t.refused(OpenAI.AuthenticationError, () => short.admin.organization.projects.list());

  const project_id = (await projects.create({ name: 'Keys' })).id;
  const key = (await projects.serviceAccounts.create(project_id, { name: 'robot' })).api_key;
  const robot = t.make(key.value);
  await projects.apiKeys.update(key.id, { project_id, scopes: ['api.all.read'] });
  t.true((await all(robot.models.list())).length);
  await t.refused(OpenAI.PermissionDeniedError, () => say(robot));
  await projects.apiKeys.update(key.id, { project_id, scopes: ['api.model.request'] });
  await say(robot);
  await t.refused(OpenAI.PermissionDeniedError, () => robot.files.list());

  const stranger = t.make('sk-js-stranger');
  await say(stranger);
  const [home] = await all(projects.list());
  const mine = (await all(projects.apiKeys.list(home.id))).find((each) => each.redacted_value.endsWith('nger'));
  t.same((await projects.apiKeys.retrieve(mine.id, { project_id: home.id })).owner_project_access, 'active');
  t.same((await projects.apiKeys.delete(mine.id, { project_id: home.id })).deleted, true);
  await t.refused(OpenAI.AuthenticationError, () => say(stranger));
}
