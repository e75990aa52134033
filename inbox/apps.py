from django.contrib.admin.apps import AdminConfig


class InboxAdminConfig(AdminConfig):
    default_site = "inbox.admin.AdminSite"
