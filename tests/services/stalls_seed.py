"""`python -m tests.services.stalls_seed CUSTOMERS CODES`: a desk with large exports, logins, and people with phones.

Prints the tokens of as many customers as CODES says, who may each ask for a code.
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402

from accounts.actions.sessions import sign_in  # noqa: E402
from accounts.models import User  # noqa: E402
from customers.models import Customer, Source  # noqa: E402
from tests.services.stalls import LOGINS, PASSWORD  # noqa: E402

customers, codes = int(sys.argv[1]), int(sys.argv[2])
hashed = make_password(PASSWORD)
User.objects.bulk_create(
    User(username=name, email=f"{name}@desk.example", role="sales", password=hashed) for name in LOGINS
)
Customer.objects.bulk_create(
    (
        Customer(
            first_name="Customer" * 5,
            last_name=f"Number{n}" * 5,
            username=f"customer{n}",
            email=f"customer{n}@example.com",
            source=Source.WHATSAPP,
        )
        for n in range(customers)
    ),
    batch_size=1000,
)
tokens = []
for n in range(codes):
    login = User.objects.create_user(f"asks{n}", f"asks{n}@example.com", None, role="customer")
    Customer.objects.create(
        user=login, username=login.username, email=login.email, source=Source.WEBSITE, pending_phone=f"+9478{n:07d}"
    )
    tokens.append(sign_in(user=login).access)
sys.stdout.write(json.dumps(tokens))
