from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect


@login_required
def home(request):
    """Where each of us works, until there is an inbox page."""
    return redirect("admin:index" if request.user.is_staff else "docs")
