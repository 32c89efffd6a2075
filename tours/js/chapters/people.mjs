// People: invited, in projects, in groups, with roles of their own and of their groups.

import { OpenAI, all, every } from '../walk.mjs';

export default async function (t) {
  const org = t.client.admin.organization;
  const project = (await org.projects.create({ name: 'People' })).id;
  const ada = await invited(t, org, project);
  await member(t, org, project, ada);
  const group = await grouped(t, org, ada);
  await granted(t, org, project, ada, group);
  t.same((await org.groups.users.delete(ada.id, { group_id: group.id })).deleted, true);
  t.same((await org.groups.delete(group.id)).deleted, true);
  const [first] = await all(org.users.list());
  await t.refused(OpenAI.BadRequestError, () => org.users.delete(first.id));
  t.same((await org.users.update(ada.id, { developer_persona: 'backend' })).developer_persona, 'backend');
  t.same((await org.users.delete(ada.id)).deleted, true);
  await t.gone(() => org.users.retrieve(ada.id), () => org.groups.retrieve(group.id));
}

async function invited(t, org, project) {
  const projects = [{ id: project, role: 'owner' }];
  const made = await org.invites.create({ email: 'ada@example.com', role: 'reader', projects });
  const never = await org.invites.create({ email: 'bob@example.com', role: 'owner' });
  t.same((await org.invites.delete(never.id)).deleted, true);
  t.same(await every('id', org.invites.list()), [made.id]);
  await t.house.wait(3601);
  t.same((await org.invites.retrieve(made.id)).status, 'accepted');
  const [ada] = await all(org.users.list({ emails: ['ada@example.com'] }));
  t.same((await org.users.retrieve(ada.id)).projects.data.map((each) => each.id), [project]);
  return ada;
}

async function member(t, org, project_id, ada) {
  const { users } = org.projects;
  const at = { project_id };
  t.same((await users.retrieve(ada.id, at)).role, 'owner');
  t.same((await users.update(ada.id, { ...at, role: 'member' })).role, 'member');
  t.true((await every('id', users.list(project_id, { limit: 1 }))).includes(ada.id));
  t.same((await users.delete(ada.id, at)).deleted, true);
  t.same((await users.create(project_id, { role: 'member', user_id: ada.id })).email, 'ada@example.com');
}

async function grouped(t, org, ada) {
  const group = await org.groups.create({ name: 'Writers' });
  t.same((await org.groups.update(group.id, { name: 'Readers' })).name, 'Readers');
  t.same((await org.groups.retrieve(group.id)).name, 'Readers');
  t.same(await every('id', org.groups.list()), [group.id]);
  const at = { group_id: group.id };
  t.same((await org.groups.users.create(group.id, { user_id: ada.id })).user_id, ada.id);
  t.same(await every('email', org.groups.users.list(group.id)), ['ada@example.com']);
  t.same((await org.groups.users.retrieve(ada.id, at)).user_type, 'user');
  const role = (role_name) => org.roles.create({ role_name, permissions: ['api.all'] });
  const [mine, ours] = [await role('mine'), await role('ours')];
  t.same((await org.roles.update(mine.id, { permissions: ['api.usage.read'] })).permissions, ['api.usage.read']);
  t.same((await org.roles.retrieve(mine.id)).name, 'mine');
  t.true((await every('id', org.roles.list())).includes(ours.id));
  await org.users.roles.create(ada.id, { role_id: mine.id });
  await org.groups.roles.create(group.id, { role_id: ours.id });
  t.same(await every('name', org.users.roles.list(ada.id)), ['mine', 'ours']);
  t.same(await every('name', org.groups.roles.list(group.id)), ['ours']);
  t.same((await org.users.roles.retrieve(ours.id, { user_id: ada.id })).name, 'ours');
  t.same((await org.groups.roles.retrieve(ours.id, at)).name, 'ours');
  t.same((await org.users.roles.delete(mine.id, { user_id: ada.id })).deleted, true);
  t.same((await org.groups.roles.delete(ours.id, at)).deleted, true);
  t.same(await all(org.users.roles.list(ada.id)), []);
  for (const { id } of [mine, ours]) t.same((await org.roles.delete(id)).deleted, true);
  return group;
}

async function granted(t, org, project_id, ada, group) {
  const { projects } = org;
  const viewer = (await all(projects.roles.list(project_id))).find((role) => role.name === 'viewer');
  const given = await projects.groups.create(project_id, { group_id: group.id, role: viewer.id });
  t.same(given.group_name, 'Readers');
  t.same(await every('group_id', projects.groups.list(project_id)), [group.id]);
  t.same((await projects.groups.retrieve(group.id, { project_id })).group_name, 'Readers');
  t.same(await every('name', projects.users.roles.list(ada.id, { project_id })), ['viewer']);
  const own = await projects.roles.create(project_id, { role_name: 'own', permissions: [] });
  t.same((await projects.roles.update(own.id, { project_id, role_name: 'owned' })).name, 'owned');
  t.same((await projects.roles.retrieve(own.id, { project_id })).name, 'owned');
  const [of, by] = [{ project_id, user_id: ada.id }, { project_id, group_id: group.id }];
  await projects.users.roles.create(ada.id, { project_id, role_id: own.id });
  await projects.groups.roles.create(group.id, { project_id, role_id: own.id });
  t.same((await projects.users.roles.retrieve(own.id, of)).name, 'owned');
  t.same((await projects.groups.roles.retrieve(own.id, by)).name, 'owned');
  t.same((await projects.users.roles.delete(own.id, of)).deleted, true);
  t.same((await projects.groups.roles.delete(own.id, by)).deleted, true);
  t.same(await every('name', projects.groups.roles.list(group.id, { project_id })), ['viewer']);
  t.same((await projects.roles.delete(own.id, { project_id })).deleted, true);
  t.same((await projects.groups.delete(group.id, { project_id })).deleted, true);
  await t.gone(() => projects.groups.retrieve(group.id, { project_id }));
}
