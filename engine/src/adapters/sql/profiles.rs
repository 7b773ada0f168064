//! Profiles, and who has chosen which.

use async_trait::async_trait;

use crate::adapters::sql::{Backend, Query, Sql};
use crate::domain::ids::{AccountId, GroupId, OperatorId, ProfileId};
use crate::ports::profiles::{Profile, Profiles};
use crate::ports::store::StoreError;

#[async_trait]
impl<B: Backend> Profiles for B {
    async fn profiles(&self, account: AccountId) -> Result<Vec<Profile>, StoreError> {
        self.read(move |sql| Box::pin(profiles(sql, account))).await
    }

    async fn put_profile(&self, account: AccountId, profile: &Profile) -> Result<(), StoreError> {
        let profile = profile.clone();
        self.write(move |sql| Box::pin(put(sql, account, profile))).await
    }

    async fn change_profile(&self, account: AccountId, before: &Profile, after: &Profile) -> Result<bool, StoreError> {
        let (before, after) = (before.clone(), after.clone());
        self.write(move |sql| Box::pin(change(sql, account, before, after))).await
    }

    async fn delete_profile(&self, account: AccountId, profile: &ProfileId) -> Result<bool, StoreError> {
        let profile = profile.clone();
        self.write(move |sql| Box::pin(delete(sql, account, profile))).await
    }

    async fn chosen_profile(&self, account: AccountId, operator: OperatorId) -> Result<Option<ProfileId>, StoreError> {
        self.read(move |sql| {
            Box::pin(async move {
                let query = Query::new("SELECT profile FROM operator WHERE id = $1 AND account = $2");
                let chosen = sql.run(query.arg(operator.0).arg(account)).await?.first(|mut row| row.opt_parsed())?;
                Ok(chosen.flatten())
            })
        })
        .await
    }

    async fn choose_profile(
        &self,
        account: AccountId,
        operator: OperatorId,
        profile: Option<&ProfileId>,
    ) -> Result<(), StoreError> {
        let profile = profile.map(|profile| profile.as_str().to_owned());
        self.write(move |sql| {
            Box::pin(async move {
                let query = Query::new("UPDATE operator SET profile = $1 WHERE id = $2 AND account = $3");
                match sql.run(query.arg(profile).arg(operator.0).arg(account)).await?.affected {
                    0 => Err(StoreError::Conflict("there is no such operator".into())),
                    _ => Ok(()),
                }
            })
        })
        .await
    }
}

async fn profiles(sql: &mut dyn Sql, account: AccountId) -> Result<Vec<Profile>, StoreError> {
    let query = Query::new("SELECT id, name FROM profile WHERE account = $1 ORDER BY name, id").arg(account);
    let mut profiles: Vec<Profile> = sql
        .run(query)
        .await?
        .all(|mut row| Ok(Profile { id: row.parsed()?, name: row.text()?, groups: Vec::new() }))?;
    let query = Query::new("SELECT profile, grp FROM profile_group WHERE account = $1 ORDER BY profile, grp");
    let groups: Vec<(ProfileId, GroupId)> =
        sql.run(query.arg(account)).await?.all(|mut row| Ok((row.parsed()?, row.parsed()?)))?;
    for (profile, group) in groups {
        if let Some(found) = profiles.iter_mut().find(|found| found.id == profile) {
            found.groups.push(group);
        }
    }
    Ok(profiles)
}

async fn put(sql: &mut dyn Sql, account: AccountId, profile: Profile) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO profile (account, id, name) VALUES ($1, $2, $3) \
         ON CONFLICT (account, id) DO UPDATE SET name = excluded.name",
    );
    sql.run(query.arg(account).arg(profile.id.as_str()).arg(profile.name.as_str())).await?;
    let clear = Query::new("DELETE FROM profile_group WHERE account = $1 AND profile = $2");
    sql.run(clear.arg(account).arg(profile.id.as_str())).await?;
    for group in &profile.groups {
        let query = Query::new("INSERT INTO profile_group (account, profile, grp) VALUES ($1, $2, $3)");
        sql.run(query.arg(account).arg(profile.id.as_str()).arg(group.as_str())).await?;
    }
    Ok(())
}

async fn change(sql: &mut dyn Sql, account: AccountId, before: Profile, after: Profile) -> Result<bool, StoreError> {
    let mut hold = Query::new("SELECT 1 FROM profile WHERE account = $1 AND id = $2");
    hold.push(sql.dialect().for_update());
    sql.run(hold.arg(account).arg(before.id.as_str())).await?;
    let same = profiles(sql, account).await?.contains(&before);
    if same {
        put(sql, account, after).await?;
    }
    Ok(same)
}

async fn delete(sql: &mut dyn Sql, account: AccountId, profile: ProfileId) -> Result<bool, StoreError> {
    let leave = Query::new("UPDATE operator SET profile = NULL WHERE account = $1 AND profile = $2");
    sql.run(leave.arg(account).arg(profile.as_str())).await?;
    let delete = Query::new("DELETE FROM profile WHERE account = $1 AND id = $2");
    Ok(sql.run(delete.arg(account).arg(profile.as_str())).await?.affected > 0)
}
