-- Who used actions with which one can give oneself more rights? One row for each principal and
-- action. The list is that of public research on escalation in AWS, such as Rhino Security Labs'.
--
-- $since time = -90d: used since then
SELECT
    principal,
    action,
    outcome,
    sum(calls) AS calls,
    count(DISTINCT resource) AS resources,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    min(sample_event_id) AS sample_event_id
FROM activity
WHERE action IN (
        'cloudformation:CreateStack',
        'codebuild:CreateProject',
        'codebuild:UpdateProject',
        'datapipeline:CreatePipeline',
        'ec2:AssociateIamInstanceProfile',
        'ec2:ModifyInstanceAttribute',
        'ec2:ReplaceIamInstanceProfileAssociation',
        'ecs:RegisterTaskDefinition',
        'glue:CreateDevEndpoint',
        'glue:UpdateDevEndpoint',
        'iam:AddUserToGroup',
        'iam:AttachGroupPolicy',
        'iam:AttachRolePolicy',
        'iam:AttachUserPolicy',
        'iam:CreateAccessKey',
        'iam:CreateLoginProfile',
        'iam:CreatePolicyVersion',
        'iam:DeleteRolePermissionsBoundary',
        'iam:DeleteUserPermissionsBoundary',
        'iam:PassRole',
        'iam:PutGroupPolicy',
        'iam:PutRolePermissionsBoundary',
        'iam:PutRolePolicy',
        'iam:PutUserPermissionsBoundary',
        'iam:PutUserPolicy',
        'iam:SetDefaultPolicyVersion',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateLoginProfile',
        'lambda:AddPermission',
        'lambda:CreateEventSourceMapping',
        'lambda:CreateFunction',
        'lambda:UpdateFunctionCode',
        'lambda:UpdateFunctionConfiguration',
        'sagemaker:CreateNotebookInstance',
        'sagemaker:CreatePresignedNotebookInstanceUrl',
        'ssm:SendCommand',
        'ssm:StartSession'
    )
GROUP BY principal, action, outcome
HAVING max(last_seen) >= $since
ORDER BY last_seen DESC, principal, action, outcome
